//! The job on a local page: a server on loopback, out of this program, for one browser of the person who started it.
//!
//! What is asked goes by the [`guard`] first, then to the [`desk`], which hands it to a job and puts the answer into JSON. The
//! rehearsal has a thread of its own, and the server another: a page that scrolls delays no request.

mod desk;
mod guard;
mod idle;
mod link;
mod routes;
mod session;
mod shell;
mod stream;
mod voice;
mod wire;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::clock::{self, Clock, Moment};
use crate::error::Failure;
use crate::job::{Rehearsals, Settings, ToOpen, Told, Workshop};

use desk::{Desk, Refusal};
use guard::{Barred, Known};
use link::Redirect;
use routes::Ask;
use session::{Exchanged, Session};
use stream::Teller;

pub use voice::OnPage;

/// How many connections are served at once.
const CONNECTIONS: usize = 32;
/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(10);
/// What an answer is worth that nobody waits for.
const CLOSING: Duration = Duration::from_secs(2);

/// What is to be served.
pub struct ToServe {
    /// The folder whose files are worked on.
    pub folder: PathBuf,
    /// The roster that is open at once.
    pub roster: Option<ToOpen>,
    /// By what it is checked.
    pub settings: Settings,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// Where the program keeps what it has to keep, if anywhere.
    pub state: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Something that its starter is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A code came twice: somebody else has used it, and the session is closed.
    CodeUsedTwice,
    /// Nobody has asked for anything for long, and nothing is left to do.
    Forgotten,
    /// It was ended on the page.
    Quit,
}

/// A page that is served.
pub struct Page {
    app: Arc<App>,
    ended: watch::Receiver<Option<Notice>>,
    thread: Option<std::thread::JoinHandle<()>>,
    state: Option<PathBuf>,
}

struct App {
    port: u16,
    session: Mutex<Session>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    /// When somebody asked for something last.
    asked: Mutex<Moment>,
    /// The file that leads a browser here, until one has come.
    redirect: Mutex<Option<Redirect>>,
    end: watch::Sender<Option<Notice>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    /// Serves a page from now on. `rehearsals` makes what rehearses, and is handed whom that is to tell.
    ///
    /// # Errors
    /// Exit 2 where the roster cannot be opened, 4 where no port can be had.
    pub fn serve(
        asked: ToServe,
        rehearsals: impl FnOnce(Arc<dyn Fn(Told) + Send + Sync>) -> Rehearsals,
    ) -> Result<Self, Failure> {
        let ToServe { folder, roster, settings, port, state, clock } = asked;
        let no_random = |error| {
            Failure::stopped("the system has no randomness to give").because(std::io::Error::other(error))
        };
        let session = Session::new().map_err(no_random)?;
        let no_port = |error| {
            Failure::stopped(format!("cannot listen on 127.0.0.1:{port}"))
                .because(error)
                .hint("leave the port out, and one that is free is taken")
        };
        // Bound before anything is opened: what is taken is told at once.
        let listener =
            std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(no_port)?;
        listener.set_nonblocking(true).map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let workshop = Workshop::new(folder, state.clone(), Arc::clone(&clock), desk::VOICE);
        // Whoever rehearses is made before the desk that hears of it.
        let heard: Arc<OnceLock<Weak<App>>> = Arc::default();
        let hears = Arc::clone(&heard);
        let rehearsals = rehearsals(Arc::new(move |told| {
            if let Some(app) = hears.get().and_then(Weak::upgrade) {
                app.desk.hear(told);
            }
        }));
        let (end, ended) = watch::channel(None);
        let desk = Desk::new(workshop, rehearsals, Teller::default(), session.nonce());
        let begun = clock.moment();
        let (session, asked) = (Mutex::new(session), Mutex::new(begun));
        let app = Arc::new(App { port, session, desk, clock, asked, redirect: Mutex::default(), end });
        let _ = heard.set(Arc::downgrade(&app));
        app.desk.set(settings)?;
        if let Some(roster) = roster {
            app.desk.open(roster)?;
        }
        let thread = Self::start(&app, listener)?;
        Ok(Self { app, ended, thread: Some(thread), state })
    }

    fn start(
        app: &Arc<App>,
        listener: std::net::TcpListener,
    ) -> Result<std::thread::JoinHandle<()>, Failure> {
        let cannot = |error| Failure::stopped("cannot start a thread for the page").because(error);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("page")
            .enable_all()
            .build()
            .map_err(cannot)?;
        let checker = Arc::clone(app);
        std::thread::Builder::new()
            .name("check".into())
            .spawn(move || checker.desk.check())
            .map_err(cannot)?;
        let app = Arc::clone(app);
        let serve = move || {
            runtime.block_on(async {
                let ended = app.end.subscribe();
                let beats = beat(Arc::clone(&app));
                let serving = accept(Arc::clone(&app), listener);
                tokio::select! {
                    () = over(ended) => {}
                    () = beats => {}
                    () = serving => {}
                }
                // Who listens is told, and has a moment to hear it.
                clock::sleep(Duration::from_millis(200)).await;
            });
            runtime.shutdown_timeout(CLOSING);
        };
        std::thread::Builder::new().name("page".into()).spawn(serve).map_err(cannot)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.app.port
    }

    /// A link that is good once and for a minute.
    ///
    /// # Errors
    /// Exit 4 where the system has no randomness to give.
    pub fn link(&self) -> Result<SecretString, Failure> {
        let no_random = |error| {
            Failure::stopped("the system has no randomness to give").because(std::io::Error::other(error))
        };
        let code = lock(&self.app.session).new_code(self.app.clock.moment()).map_err(no_random)?;
        Ok(format!("http://127.0.0.1:{}/#c={}", self.app.port, code.expose_secret()).into())
    }

    /// Opens the link in the browser; whether there is one.
    pub fn open_in_browser(&self, link: &SecretString) -> bool {
        let Ok(redirect) = Redirect::write(self.state.as_deref(), link) else { return false };
        let is_open = redirect.open();
        *lock(&self.app.redirect) = Some(redirect);
        is_open
    }

    /// Returns when it ends by itself, and says why.
    pub async fn ended(&self) -> Notice {
        let mut ended = self.ended.clone();
        loop {
            if let Some(notice) = &*ended.borrow_and_update() {
                return notice.clone();
            }
            if ended.changed().await.is_err() {
                return Notice::Quit;
            }
        }
    }

    /// Ends it: a run is paused, and what is under way awaited.
    pub fn end(mut self) {
        self.app.desk.end("quit");
        self.app.end.send_modify(|end| {
            end.get_or_insert(Notice::Quit);
        });
        lock(&self.app.redirect).take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn over(mut ended: watch::Receiver<Option<Notice>>) {
    let _ = ended.wait_for(Option::is_some).await;
}

/// Once a second: what goes on by itself, and whether anybody is still there.
async fn beat(app: Arc<App>) {
    loop {
        clock::sleep(desk::BEAT).await;
        let of_beat = Arc::clone(&app);
        let _ = tokio::task::spawn_blocking(move || of_beat.desk.beat()).await;
        let (now, asked) = (app.clock.moment(), *lock(&app.asked));
        if idle::is_forgotten(now, asked, app.desk.is_running(), app.desk.has_unsaved()) {
            app.end(Notice::Forgotten, "idle");
        }
    }
}

async fn accept(app: Arc<App>, listener: std::net::TcpListener) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let router = Router::new().fallback(answer).with_state(Arc::clone(&app));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((socket, _)) = listener.accept().await else {
            // Too many open files: it is tried again when some were closed.
            clock::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(64 << 10)
                .serve_connection(TokioIo::new(socket), service);
            let _ = connection.await;
            drop(place);
        });
    }
}

/// Answers a request: by the guard first.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Result<Response, Infallible> {
    let mut answer = match app.answered(request).await {
        Ok(answer) => answer,
        Err(refusal) => sent(refusal.status, "application/json", refusal.body()),
    };
    for (name, value) in guard::HEADERS {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(answer)
}

fn sent(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

impl App {
    fn end(&self, notice: Notice, why: &str) {
        self.desk.end(why);
        self.end.send_modify(|end| {
            end.get_or_insert(notice);
        });
    }

    async fn answered(self: Arc<Self>, request: Request) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let (route, is_path) = routes::find(&head.method, path);
        let judged = {
            let session = lock(&self.session);
            let known = Known { port: self.port, is_key: &|key| session.is_key(key), lease: session.lease() };
            guard::judge(&head.method, &head.uri, &head.headers, route, is_path, &known)
        };
        match judged {
            Ok(()) => {}
            Err(Barred::Elsewhere) => {
                let mut there = sent(Barred::Elsewhere.status(), "text/plain", "");
                let place = HeaderValue::from_str(&format!("http://127.0.0.1:{}/", self.port));
                there.headers_mut().extend(place.ok().map(|place| (LOCATION, place)));
                return Ok(there);
            }
            Err(barred) => return Err(Refusal::new(barred.status(), barred.code(), words_of(barred))),
        }
        let Some(route) = route else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not-found", words_of(Barred::NotFound)));
        };
        let is_of_page = route.needs >= routes::Needs::Key;
        if is_of_page {
            *lock(&self.asked) = self.clock.moment();
        }
        let name =
            route.path.strip_suffix('*').and_then(|before| path.strip_prefix(before)).unwrap_or_default();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let limit = match route.body {
            routes::Body::None => 0,
            routes::Body::Json(most) | routes::Body::Octets(most) => most,
        };
        let too_large = || {
            let what = format!("at most {limit} bytes are taken at once");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", what)
        };
        // What says that it is too large is refused before any of it is taken.
        let told = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if told.is_some_and(|told: u64| told > limit as u64) {
            return Err(too_large());
        }
        let body = axum::body::to_bytes(body, limit).await.map_err(|_| too_large())?;
        match route.ask {
            Ask::Shell => Ok(self.file(shell::INDEX)?),
            Ask::File => Ok(self.file(name)?),
            Ask::Session => self.exchange(&body),
            Ask::Lease => {
                let lease = lock(&self.session).take_lease();
                self.desk.teller.tell("lease", json!({ "lease": lease }).to_string());
                Ok(sent(StatusCode::OK, "application/json", json!({ "lease": lease }).to_string()))
            }
            Ask::Events => {
                let after = query.strip_prefix("after=").and_then(|after| after.parse::<u64>().ok());
                let of_state = Arc::clone(&self);
                let state = blocking(move || of_state.desk.state()).await?;
                Ok(self.desk.teller.stream(after, state.to_string()))
            }
            Ask::Quit => {
                let of_end = Arc::clone(&self);
                tokio::task::spawn_blocking(move || of_end.end(Notice::Quit, "quit"));
                Ok(sent(StatusCode::OK, "application/json", "{}"))
            }
            ask => {
                let name = decoded(name)?;
                let of_desk = Arc::clone(&self);
                let value = blocking(move || of_desk.desk.answer(ask, &name, &query, &body)).await?;
                Ok(sent(StatusCode::OK, "application/json", value.to_string()))
            }
        }
    }

    fn file(&self, name: &str) -> Result<Response, Refusal> {
        let none = || Refusal::new(StatusCode::NOT_FOUND, "not-found", words_of(Barred::NotFound));
        let (kind, text) = shell::file(name).ok_or_else(none)?;
        Ok(sent(StatusCode::OK, kind, text.into_owned()))
    }

    fn exchange(&self, body: &[u8]) -> Result<Response, Refusal> {
        let unusable = |error: serde_json::Error| {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "unusable", format!("this is no code: {error}"))
        };
        let wire::Code { code } = serde_json::from_slice(body).map_err(unusable)?;
        let mut session = lock(&self.session);
        match session.exchange(&code, self.clock.moment()) {
            Exchanged::Good => {
                let lease = session.take_lease();
                let answer = json!({
                    "key": session.key().expose_secret(),
                    "version": self.desk.version(),
                    "lease": lease,
                });
                *lock(&self.asked) = self.clock.moment();
                lock(&self.redirect).take();
                Ok(sent(StatusCode::OK, "application/json", answer.to_string()))
            }
            Exchanged::UsedTwice => {
                drop(session);
                self.desk.teller.tell("bye", json!({ "why": "code-used-twice" }).to_string());
                self.end.send_modify(|end| {
                    end.get_or_insert(Notice::CodeUsedTwice);
                });
                let what =
                    "the link was used twice: the page is closed, for one of the two may be somebody else";
                Err(Refusal::new(StatusCode::UNAUTHORIZED, "code-used", what))
            }
            Exchanged::Wrong => {
                let what =
                    "the link is none of this page's, or older than a minute: start `headcount open` again";
                Err(Refusal::new(StatusCode::UNAUTHORIZED, "code-used", what))
            }
            Exchanged::TooMany => Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many",
                "too many wrong codes: wait a minute",
            )),
        }
    }
}

/// A name as it is in a path: octets of UTF-8, some of them written by their numbers.
fn decoded(name: &str) -> Result<String, Refusal> {
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8();
    let none = |_| Refusal::new(StatusCode::NOT_FOUND, "not-found", "this is no name");
    Ok(decoded.map_err(none)?.into_owned())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let failed =
        |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "headcount ended in a panic: a bug");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn words_of(barred: Barred) -> &'static str {
    match barred {
        Barred::WrongHost | Barred::Elsewhere => {
            "this page answers to its own address alone, as the terminal shows it"
        }
        Barred::ForeignOrigin => "this comes from another page",
        Barred::NotFound => "there is no such thing",
        Barred::WrongMethod => "this is asked for otherwise",
        Barred::NoKey | Barred::WrongKey => {
            "the page has ended, or this is another: start `headcount open` again"
        }
        Barred::Lease => "another tab is at work",
        Barred::WrongType => "the body is of another type",
    }
}
