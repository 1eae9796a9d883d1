//! A world, or a cloud of them, on loopback, for any AWS client.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, MutexGuard};
use std::{fmt, io};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::cloud::Cloud;
use super::wire::{Delivery, Reply, Request};
use super::world::{Stats, World};
use crate::clock::{self, Clock};

/// The path, outside of the service's own, where a world tells what was asked of it, as JSON; several tell it of each as
/// well, in `instances`.
pub(crate) const STATS_PATH: &str = "/_headcount/stats";

/// The most bytes of a request's body.
const BODY_LIMIT: usize = 1 << 20;

/// Worlds being served. Dropping it, like [`Running::shutdown`], closes the listener and every connection.
#[derive(Debug)]
pub struct Running {
    /// Its endpoint, as in `http://127.0.0.1:4510`.
    pub url: String,
    cloud: Arc<Cloud>,
    accepting: JoinHandle<Infallible>,
}

impl Running {
    /// What was asked so far.
    pub fn stats(&self) -> Stats {
        self.cloud.stats()
    }

    /// The world itself, the first of several, locked: no request to it is answered while this is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.cloud.first()
    }

    /// All that is served.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Stops serving and waits until the last connection is closed.
    pub async fn shutdown(mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves a world, or a cloud of several, on this port of 127.0.0.1 (0 takes a free one), on the current tokio runtime.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(cloud: impl Into<Cloud>, port: u16, clock: Arc<dyn Clock>) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let cloud = Arc::new(cloud.into());
    let accepting = tokio::spawn(accept(listener, Arc::clone(&cloud), clock));
    Ok(Running { url: format!("http://{address}"), cloud, accepting })
}

async fn accept(listener: TcpListener, cloud: Arc<Cloud>, clock: Arc<dyn Clock>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&cloud), Arc::clone(&clock)));
            }
            // Out of descriptors, or the client was gone already: neither ends the service.
            Err(_) => clock::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

/// Serves one connection to its end; an end by force is what a dropped answer is.
async fn connection(stream: TcpStream, cloud: Arc<Cloud>, clock: Arc<dyn Clock>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Arc::clone(&cloud), Arc::clone(&clock)));
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The connection is to be closed without an answer: hyper does so when a service fails.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped by the weather")
    }
}

impl std::error::Error for Dropped {}

async fn answer(
    request: http::Request<Incoming>,
    cloud: Arc<Cloud>,
    clock: Arc<dyn Clock>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET && head.uri.path() == STATS_PATH {
        let stats = serde_json::to_vec(&cloud.told()).unwrap_or_default();
        return Ok(json(StatusCode::OK, stats));
    }
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(json(
            StatusCode::PAYLOAD_TOO_LARGE,
            b"{\"message\":\"Request entity too large\"}".to_vec(),
        ));
    };
    let request = Request {
        method: head.method,
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let Reply { answer, delivery, after } = cloud.respond(clock.now(), &request);
    if !after.is_zero() {
        clock::sleep(after).await;
    }
    match delivery {
        Delivery::DropBefore | Delivery::DropAfter => Err(Dropped),
        Delivery::Deliver => {
            let mut response = Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        }
    }
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::{BODY_LIMIT, Running, STATS_PATH, serve};
    use crate::clock::{Clock as _, SystemClock};
    use crate::simulator::{Fault, Operation, Pace, Spec, World};

    fn address(running: &Running) -> &str {
        running.url.trim_start_matches("http://")
    }

    async fn start(spec: Spec) -> Running {
        let spec = Spec { signed: false, pace: Pace::UNLIMITED, ..spec };
        serve(World::new(spec, SystemClock.now()), 0, Arc::new(SystemClock)).await.expect("listening")
    }

    fn create(running: &Running, username: &str) -> String {
        let world = running.world();
        let body = serde_json::json!({
            "Username": username,
            "Password": "Analytical-1",
            "IdentityInfo": { "FirstName": "Ada", "LastName": "Byron" },
            "SecurityProfileIds": [world.security_profiles[0].id],
            "RoutingProfileId": world.routing_profiles[0].id,
        })
        .to_string();
        let target = format!("/users/{}", world.spec().instance_id);
        format!("PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// Sends these bytes on a connection of their own and reads until the other side closes it.
    async fn exchange(running: &Running, bytes: &str) -> String {
        let mut stream = TcpStream::connect(address(running)).await.expect("connected");
        // A reset counts as closed, also while we still write.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).expect("text")
    }

    /// Reads one whole answer from a connection that stays open.
    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        loop {
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if length.and_then(|n| n.parse().ok()).is_none_or(|n: usize| body.len() >= n) {
                    return text;
                }
            }
            let mut some = [0; 4096];
            let read = stream.read(&mut some).await.expect("more");
            assert_ne!(read, 0, "closed after: {text}");
            text.push_str(&String::from_utf8_lossy(&some[..read]));
        }
    }

    #[tokio::test]
    async fn a_dropped_answer_is_a_closed_connection_without_a_byte() {
        let stall = Duration::from_millis(1);
        for (fault, there) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1), (Fault::StallBefore(stall), 0)]
        {
            let running = start(Spec { script: [fault.clone()].into(), ..Spec::default() }).await;
            assert_eq!(exchange(&running, &create(&running, "ada")).await, "", "{fault:?}");
            assert_eq!(running.stats().users, there, "{fault:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_carries_many_calls_and_ends_with_a_dropped_one() {
        let script = [Fault::Pass, Fault::ErrorAfter, Fault::Pass, Fault::DropAfter].into();
        let running = start(Spec { script, ..Spec::default() }).await;
        let mut stream = TcpStream::connect(address(&running)).await.expect("connected");
        for (username, status) in [("a", "200 OK"), ("b", "500 Internal Server Error"), ("b", "409 Conflict")]
        {
            stream.write_all(create(&running, username).as_bytes()).await.expect("sent");
            let text = answer(&mut stream).await;
            assert!(text.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{text}");
            for header in ["x-amzn-requestid: ", "date: ", "content-type: application/json"] {
                assert!(text.contains(header), "{text}");
            }
        }
        stream.write_all(create(&running, "c").as_bytes()).await.expect("sent");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        assert_eq!(running.stats().users, 3);
    }

    #[tokio::test]
    async fn its_counts_are_there_for_anyone_to_read() {
        let running = start(Spec::default()).await;
        let mut stream = TcpStream::connect(address(&running)).await.expect("connected");
        stream.write_all(create(&running, "ada").as_bytes()).await.expect("sent");
        answer(&mut stream).await;
        let text =
            exchange(&running, &format!("GET {STATS_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .await;
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        let stats: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(stats["users"], 1);
        assert_eq!(stats["operations"]["CreateUser"]["executed"], 1);
        assert_eq!(running.stats().of(Operation::CreateUser).called, 1);
    }

    #[tokio::test]
    async fn what_is_too_long_or_no_request_is_refused_and_the_rest_goes_on() {
        let running = start(Spec::default()).await;
        let long = format!(
            "PUT /users/i HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            BODY_LIMIT + 1
        );
        let text = exchange(&running, &(long + &"x".repeat(BODY_LIMIT + 1))).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 413"), "{text}");
        assert!(exchange(&running, "nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
        assert_eq!(running.stats().operations.len(), 0);
        let mut stream = TcpStream::connect(address(&running)).await.expect("connected");
        stream.write_all(create(&running, "ada").as_bytes()).await.expect("sent");
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_world_that_is_shut_down_is_gone() {
        let running = start(Spec::default()).await;
        let (address, mut open) =
            (address(&running).to_owned(), TcpStream::connect(address(&running)).await.expect("connected"));
        open.write_all(create(&running, "ada").as_bytes()).await.expect("sent");
        answer(&mut open).await;
        running.shutdown().await;
        let mut rest = Vec::new();
        let _ = open.read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "an open connection is closed");
        assert!(TcpStream::connect(address).await.is_err());
    }
}
