//! All that can be asked for: one table, from which the router is made, and which the tests go over.

use axum::http::Method;

/// What a request must have besides its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// Nothing: it is the page itself, which says nothing of anybody.
    Nothing,
    /// To come from our own page.
    Page,
    /// The key as well.
    Key,
    /// The key, and to be the tab that is at work.
    Lease,
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Nothing.
    None,
    /// JSON of at most so many bytes.
    Json(usize),
    /// Octets, at most so many.
    Octets(usize),
}

/// Something that can be asked for.
#[derive(Debug)]
pub(crate) struct Route {
    /// How.
    pub(crate) method: Method,
    /// Where; `*` at its end stands for a name.
    pub(crate) path: &'static str,
    /// What it must have.
    pub(crate) needs: Needs,
    /// What it carries.
    pub(crate) body: Body,
    /// What is asked.
    pub(crate) ask: Ask,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named as its route is")]
pub(crate) enum Ask {
    Shell,
    File,
    Session,
    Lease,
    Events,
    State,
    Files,
    Upload,
    Open,
    Settings,
    Template,
    Save,
    SaveMap,
    Quit,
    Columns,
    SetColumns,
    Rows,
    Next,
    Findings,
    Cell,
    Choices,
    Edit,
    Paste,
    Fix,
    Safe,
    Replace,
    ChangeRows,
    Undo,
    Redo,
    Plan,
    Start,
    Pause,
    GoOn,
    Run,
    RunRows,
    Mend,
    Retry,
    Report,
}

const SMALL: Body = Body::Json(1 << 20);
/// What is pasted, and cells that are edited at once.
const LARGE: Body = Body::Json(8 << 20);
/// A roster.
const FILE: Body = Body::Octets(64 << 20);

const fn get(path: &'static str, needs: Needs, ask: Ask) -> Route {
    Route { method: Method::GET, path, needs, body: Body::None, ask }
}

const fn post(path: &'static str, body: Body, ask: Ask) -> Route {
    Route { method: Method::POST, path, needs: Needs::Lease, body, ask }
}

/// The table.
pub(crate) static ROUTES: [Route; 38] = [
    get("/", Needs::Nothing, Ask::Shell),
    get("/page/*", Needs::Nothing, Ask::File),
    Route { method: Method::POST, path: "/api/session", needs: Needs::Page, body: SMALL, ask: Ask::Session },
    Route { method: Method::POST, path: "/api/lease", needs: Needs::Key, body: SMALL, ask: Ask::Lease },
    get("/api/events", Needs::Lease, Ask::Events),
    get("/api/state", Needs::Key, Ask::State),
    get("/api/files", Needs::Key, Ask::Files),
    Route { method: Method::PUT, path: "/api/files/*", needs: Needs::Lease, body: FILE, ask: Ask::Upload },
    post("/api/roster", SMALL, Ask::Open),
    post("/api/settings", SMALL, Ask::Settings),
    post("/api/template", SMALL, Ask::Template),
    post("/api/save", SMALL, Ask::Save),
    post("/api/save-map", SMALL, Ask::SaveMap),
    post("/api/quit", SMALL, Ask::Quit),
    get("/api/columns", Needs::Key, Ask::Columns),
    Route {
        method: Method::PUT,
        path: "/api/columns",
        needs: Needs::Lease,
        body: SMALL,
        ask: Ask::SetColumns,
    },
    get("/api/rows", Needs::Key, Ask::Rows),
    get("/api/next", Needs::Key, Ask::Next),
    get("/api/findings", Needs::Key, Ask::Findings),
    get("/api/cell", Needs::Key, Ask::Cell),
    get("/api/choices", Needs::Key, Ask::Choices),
    post("/api/edit", LARGE, Ask::Edit),
    post("/api/paste", LARGE, Ask::Paste),
    post("/api/fix", SMALL, Ask::Fix),
    post("/api/safe", SMALL, Ask::Safe),
    post("/api/replace", SMALL, Ask::Replace),
    post("/api/rows", SMALL, Ask::ChangeRows),
    post("/api/undo", SMALL, Ask::Undo),
    post("/api/redo", SMALL, Ask::Redo),
    post("/api/plan", SMALL, Ask::Plan),
    post("/api/run", SMALL, Ask::Start),
    post("/api/run/pause", SMALL, Ask::Pause),
    post("/api/run/go-on", SMALL, Ask::GoOn),
    get("/api/run", Needs::Key, Ask::Run),
    get("/api/run/rows", Needs::Key, Ask::RunRows),
    post("/api/run/mend", SMALL, Ask::Mend),
    post("/api/retry", SMALL, Ask::Retry),
    post("/api/report", SMALL, Ask::Report),
];

/// What a request asks for, and whether its path is one at all. The name that `*` stands for is behind the path as it is there.
pub(crate) fn find(method: &Method, path: &str) -> (Option<&'static Route>, bool) {
    let is_it = |route: &&Route| match route.path.strip_suffix('*') {
        Some(before) => path.strip_prefix(before).is_some_and(|name| !name.is_empty()),
        None => route.path == path,
    };
    let mut of_path = ROUTES.iter().filter(is_it).peekable();
    let is_path = of_path.peek().is_some();
    // To be asked for the head alone is to be asked.
    (of_path.find(|route| route.method == *method), is_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_own_path_alone() {
        for route in &ROUTES {
            let path = route.path.replace('*', "a.csv");
            let (found, is_path) = find(&route.method, &path);
            assert!(is_path && found.is_some_and(|found| found.ask == route.ask), "{path}");
        }
        for path in [
            "",
            "/api",
            "/api/",
            "/api/state/",
            "/API/state",
            "//api/state",
            "/api/files/",
            "/page/",
            "/api/state%2f",
            "/index.html",
        ] {
            assert!(!find(&Method::GET, path).1, "{path}");
        }
        assert!(find(&Method::DELETE, "/api/state").0.is_none() && find(&Method::DELETE, "/api/state").1);
    }
}
