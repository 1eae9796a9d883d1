//! What happens, told to the page as it happens: events with numbers, so that a page which was away is told what it has missed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};

/// How many events are kept for a page that was away.
const KEPT: usize = 10_000;
/// How much text of them, in bytes.
const KEPT_TEXT: usize = 16 << 20;
/// After how long without an event it is told that all is well.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An event.
#[derive(Clone)]
struct News {
    id: u64,
    name: &'static str,
    data: Arc<str>,
}

#[derive(Default)]
struct Ring {
    last: u64,
    kept: VecDeque<News>,
    text: usize,
}

/// Tells the page what happens. It may be cloned and handed to whoever has something to tell.
#[derive(Clone)]
pub(crate) struct Teller {
    ring: Arc<Mutex<Ring>>,
    news: Sender<News>,
}

impl Default for Teller {
    fn default() -> Self {
        Self { ring: Arc::default(), news: channel(1024).0 }
    }
}

impl Teller {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of something, by a name and as JSON.
    pub(crate) fn tell(&self, name: &'static str, data: impl Into<Arc<str>>) {
        let mut ring = self.ring();
        ring.last += 1;
        let news = News { id: ring.last, name, data: data.into() };
        ring.text += news.data.len();
        ring.kept.push_back(news.clone());
        while ring.kept.len() > KEPT || (ring.text > KEPT_TEXT && ring.kept.len() > 1) {
            let Some(gone) = ring.kept.pop_front() else { break };
            ring.text -= gone.data.len();
        }
        // Within the lock, so that nobody who subscribes is told twice. Where nobody listens it is kept all the same.
        let _ = self.news.send(news);
    }

    /// The events from now on, after those that came after `after`. Where these are no longer all there, or `after` is of
    /// another process, `reset` comes first. The first of all is `state`.
    pub(crate) fn stream(&self, after: Option<u64>, state: String) -> Response {
        let ring = self.ring();
        let listening = self.news.subscribe();
        let first = ring.kept.front().map_or(ring.last + 1, |news| news.id);
        let mut waiting: VecDeque<News> = VecDeque::new();
        match after {
            Some(after) if after + 1 >= first && after <= ring.last => {
                waiting.extend(ring.kept.iter().filter(|news| news.id > after).cloned());
            }
            Some(_) => waiting.push_back(News { id: ring.last, name: "reset", data: "{}".into() }),
            None => {}
        }
        waiting.push_front(News {
            id: after.unwrap_or(ring.last).min(ring.last),
            name: "state",
            data: state.into(),
        });
        let from = Following { waiting, listening, is_over: false };
        drop(ring);
        let events = unfold(from, |mut following| async move {
            let news = following.next().await?;
            let event = Event::default().id(news.id.to_string()).event(news.name).data(&*news.data);
            Some((Ok::<_, Infallible>(event), following))
        });
        Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
    }
}

struct Following {
    waiting: VecDeque<News>,
    listening: Receiver<News>,
    is_over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<News> {
        if self.is_over {
            return None;
        }
        let news = match self.waiting.pop_front() {
            Some(news) => news,
            None => match self.listening.recv().await {
                Ok(news) => news,
                // It was too slow: it reads anew.
                Err(RecvError::Lagged(_)) => News { id: 0, name: "reset", data: "{}".into() },
                Err(RecvError::Closed) => return None,
            },
        };
        self.is_over = news.name == "bye";
        Some(news)
    }
}
