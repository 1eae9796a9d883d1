//! A world on loopback, for any AWS client.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::wire::{Delivery, Reply, Request};
use super::world::{Stats, World};
use crate::clock::{self, Clock};

/// The path, outside of the service's own, where a world tells what was asked of it, as JSON.
pub const STATS_PATH: &str = "/_headcount/stats";

/// The most bytes of a request's body.
const BODY_LIMIT: usize = 1 << 20;

/// A world being served. Dropping it, like [`Running::shutdown`], closes the listener and every connection.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its endpoint, as in `http://127.0.0.1:4510`.
    pub url: String,
    world: Arc<Mutex<World>>,
    accepting: JoinHandle<Infallible>,
}

impl Running {
    /// What was asked so far.
    pub fn stats(&self) -> Stats {
        self.world().stats()
    }

    /// The world itself, locked: no request is answered while this is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
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

/// Serves a world on this port of 127.0.0.1 (0 takes a free one), on the current tokio runtime.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(world: World, port: u16, clock: Arc<dyn Clock>) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let world = Arc::new(Mutex::new(world));
    let accepting = tokio::spawn(accept(listener, Arc::clone(&world), clock));
    Ok(Running { address, url: format!("http://{address}"), world, accepting })
}

async fn accept(listener: TcpListener, world: Arc<Mutex<World>>, clock: Arc<dyn Clock>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&world), Arc::clone(&clock)));
            }
            // Out of descriptors, or the client was gone already: neither ends the service.
            Err(_) => clock::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

/// Serves one connection to its end; an end by force is what a dropped answer is.
async fn connection(stream: TcpStream, world: Arc<Mutex<World>>, clock: Arc<dyn Clock>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Arc::clone(&world), Arc::clone(&clock)));
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
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET && head.uri.path() == STATS_PATH {
        let stats = serde_json::to_vec(&lock(&world).stats()).unwrap_or_default();
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
    let Reply { answer, delivery, after } = lock(&world).respond(clock.now(), &request);
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

/// A world whose answer panicked is still the best witness there is of what happened before.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
