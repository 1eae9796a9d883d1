files! {
    "feed.js",
    "index.html",
    "lit-html/directive-helpers.js",
    "lit-html/directive.js",
    "lit-html/directives/class-map.js",
    "lit-html/directives/live.js",
    "lit-html/directives/repeat.js",
    "lit-html/lit-html.js",
    "mark.svg",
    "tsv.js",
    "window.js",
}
