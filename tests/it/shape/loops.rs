//! Which file takes what from which, read from the source itself, and where that goes round in a loop.

use std::collections::{BTreeMap, BTreeSet};

/// Files that take names from each other, and what ties them: `(from, to, names)`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) files: BTreeSet<String>,
    pub(super) ties: Vec<(String, String, BTreeSet<String>)>,
}

impl std::fmt::Display for Loop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} files:", self.files.len())?;
        for (from, to, names) in &self.ties {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(f, "    {from} -> {to}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// The loops among files, each given by its path from `src/` and its code without tests.
pub(super) fn loops<'s>(files: impl IntoIterator<Item = (&'s str, &'s str)>) -> Vec<Loop> {
    let house =
        House(files.into_iter().map(|(path, code)| (path.to_owned(), File::read(path, code))).collect());
    let arrows: BTreeMap<&str, _> = house.0.keys().map(|path| (path.as_str(), house.arrows(path))).collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|from| (*from, reached(from, &arrows))).collect();
    let mut loops: Vec<Loop> = Vec::new();
    for (file, reached) in &reach {
        let is_told = loops.iter().any(|told| told.files.contains(*file));
        if !reached.contains(file) || is_told {
            continue;
        }
        let is_of_it = |other: &&&str| reach[**other].contains(file);
        let files: BTreeSet<String> = reached.iter().filter(is_of_it).map(|s| (*s).to_owned()).collect();
        let mut ties = Vec::new();
        for from in &files {
            let within = arrows[from.as_str()].iter().filter(|(to, _)| files.contains(*to));
            ties.extend(within.map(|(to, names)| (from.clone(), to.clone(), names.clone())));
        }
        loops.push(Loop { files, ties });
    }
    loops
}

/// All files that an arrow or several lead to.
fn reached<'a>(
    from: &str,
    arrows: &'a BTreeMap<&str, BTreeMap<String, BTreeSet<String>>>,
) -> BTreeSet<&'a str> {
    let (mut reached, mut ahead) = (BTreeSet::new(), vec![from]);
    while let Some(file) = ahead.pop() {
        for to in arrows[file].keys() {
            if reached.insert(to.as_str()) {
                ahead.push(to);
            }
        }
    }
    reached
}

/// A path of names, from the crate's root where it is absolute.
type Names = Vec<String>;

/// What a file defines, brings in and names.
struct File {
    /// Where it stands: `["roster", "csv"]`.
    module: Names,
    /// Its own names, as far as no macro makes them.
    defines: BTreeSet<String>,
    uses: Vec<Use>,
    /// Every path of two names or more, outside of `use`.
    paths: BTreeSet<Names>,
    /// Every name that stands by itself, outside of `use`.
    words: BTreeSet<String>,
}

/// One name that a `use` brings in.
struct Use {
    name: String,
    path: Names,
    /// Handed on: `pub use`, whomever for.
    is_handed_on: bool,
}

struct House(BTreeMap<String, File>);

impl House {
    fn of(&self, module: &[String]) -> Option<(&String, &File)> {
        self.0.iter().find(|(_, file)| file.module == module)
    }

    /// What a file takes from which others, by name. To hand a name on is not to take it.
    fn arrows(&self, path: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let file = &self.0[path];
        if file.module.is_empty() {
            return arrows;
        }
        let is_used =
            |name: &String| file.words.contains(name) || file.paths.iter().any(|path| path[0] == *name);
        let brought = file.uses.iter().filter(|used| !used.is_handed_on || is_used(&used.name));
        for names in brought.map(|used| &used.path).chain(&file.paths) {
            if let Some(home) = self.home(file, names, 0).filter(|home| *home != path) {
                let name = names.iter().rev().find(|name| *name != "self").expect("a path is not empty");
                arrows.entry(home.to_owned()).or_default().insert(name.clone());
            }
        }
        arrows
    }

    /// The file that defines what a path in a file means; `None` for what is another crate's, and for a module alone.
    fn home(&self, file: &File, names: &[String], depth: usize) -> Option<&str> {
        assert!(depth < 20, "{names:?} leads round in a circle");
        let (first, rest) = names.split_first()?;
        if first == "crate" {
            return self.home_from_root(rest, depth + 1);
        }
        let absolute = [&file.module, names].concat();
        let is_module = self.of(&absolute[..=file.module.len()]).is_some();
        // A child and what it hands on may have one name: only a module has names below it.
        if is_module && !rest.is_empty() {
            return self.home_from_root(&absolute, depth + 1);
        }
        // A crate and what is taken from it may have one name, too.
        let brought = |used: &&Use| used.name == *first && (rest.is_empty() || used.path[0] != *first);
        if let Some(used) = file.uses.iter().find(brought) {
            return self.home(file, &[&used.path, rest].concat(), depth + 1);
        }
        if file.defines.contains(first) { self.home_from_root(&absolute, depth + 1) } else { None }
    }

    fn home_from_root(&self, names: &[String], depth: usize) -> Option<&str> {
        for at in 0..names.len() {
            let is_last = at + 1 == names.len();
            let is_module = self.of(&names[..=at]).is_some();
            // The last name of a path may be both a module and what it is called after: then that is meant.
            if is_module && !is_last {
                continue;
            }
            let (path, file) = self.of(&names[..at])?;
            if file.defines.contains(&names[at]) {
                return Some(path);
            }
            if let Some(used) = file.uses.iter().find(|used| used.name == names[at]) {
                return self.home(file, &[&used.path, &names[at + 1..]].concat(), depth + 1);
            }
            // What is neither is made by a macro there.
            return (!is_module).then_some(path.as_str());
        }
        None
    }
}

impl File {
    fn read(path: &str, code: &str) -> Self {
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let module: Names = match module {
            "lib" | "main" => Vec::new(),
            module => module.split('/').map(str::to_owned).collect(),
        };
        let (defines, uses, paths, words) = Default::default();
        let mut file = Self { module, defines, uses, paths, words };
        file.take(&tokens(code));
        file
    }

    fn take(&mut self, tokens: &[&str]) {
        // The modules that are written out within the file, each with the depth of its braces.
        let mut within: Vec<(&str, usize)> = Vec::new();
        let (mut at, mut depth) = (0, 0);
        while at < tokens.len() {
            let next = |ahead: usize| tokens.get(at + ahead).copied().unwrap_or_default();
            let before = at.checked_sub(1).map_or("", |at| tokens[at]);
            match tokens[at] {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    within.pop_if(|(_, outer)| *outer == depth);
                }
                "use" if next(1) != "<" => {
                    let end = at + tokens[at..].iter().position(|token| *token == ";").expect("a use ends");
                    let is_handed_on = is_public(&tokens[..at]);
                    let base = self.base(&within);
                    for (path, name) in trees(&tokens[at + 1..end]) {
                        self.uses.push(Use { name, path: absolute(&base, path), is_handed_on });
                    }
                    at = end;
                }
                "mod" if next(2) == ";" => at += 2,
                "mod" if next(2) == "{" => {
                    self.define(next(1), depth, &within);
                    within.push((next(1), depth));
                }
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "static" => {
                    self.define(next(1), depth, &within);
                }
                "const" if !["fn", "unsafe", "async"].contains(&next(1)) => {
                    self.define(next(1), depth, &within);
                }
                name if is_name(name) && before != "::" && before != "." => {
                    let mut path = vec![name.to_owned()];
                    while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|t| is_name(t))
                    {
                        path.push(tokens[at + 2].to_owned());
                        at += 2;
                    }
                    if path.len() > 1 {
                        self.paths.insert(absolute(&self.base(&within), path));
                    } else {
                        self.words.insert(name.to_owned());
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn base(&self, within: &[(&str, usize)]) -> Names {
        let inner = within.iter().map(|(name, _)| (*name).to_owned());
        self.module.iter().cloned().chain(inner).collect()
    }

    /// Only what stands at the top: what is inside is named through it.
    fn define(&mut self, name: &str, depth: usize, within: &[(&str, usize)]) {
        if depth == 0 && within.is_empty() {
            self.defines.insert(name.to_owned());
        }
    }
}

/// Whether what follows these tokens is `pub`, `pub(crate)` and the like.
fn is_public(before: &[&str]) -> bool {
    match before {
        [.., "pub"] => true,
        [.., ")"] => {
            let open = before.iter().rposition(|token| *token == "(");
            open.is_some_and(|open| open > 0 && before[open - 1] == "pub")
        }
        _ => false,
    }
}

/// A path from the crate's root, where it begins with `crate`, `self` or `super`; else as it stands.
fn absolute(base: &[String], path: Names) -> Names {
    let ups = path.iter().take_while(|name| *name == "super" || *name == "self").count();
    if ups == 0 {
        return path;
    }
    let up = path[..ups].iter().filter(|name| *name == "super").count();
    let kept = base[..base.len() - up].iter().chain(&path[ups..]);
    std::iter::once("crate".to_owned()).chain(kept.cloned()).collect()
}

/// The paths of a `use`, each with the name that it brings in; groups are taken apart.
fn trees(tokens: &[&str]) -> Vec<(Names, String)> {
    let open = tokens.iter().position(|token| *token == "{");
    let stem: Names = tokens[..open.unwrap_or(tokens.len())]
        .iter()
        .take_while(|token| **token != "as")
        .filter(|token| is_name(token))
        .map(|token| (*token).to_owned())
        .collect();
    let Some(open) = open else {
        let path: Names = match stem.split_last() {
            // `{self}` brings in what it stands in.
            Some((last, above)) if last == "self" && !above.is_empty() => above.to_vec(),
            _ => stem,
        };
        let renamed = tokens.iter().rposition(|token| *token == "as").and_then(|at| tokens.get(at + 1));
        let name =
            renamed.map_or_else(|| path.last().cloned().unwrap_or_default(), |name| (*name).to_owned());
        return vec![(path, name)];
    };
    let (mut all, mut depth, mut start) = (Vec::new(), 0, open + 1);
    for at in open..tokens.len() {
        match tokens[at] {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        let is_end = (tokens[at] == "," && depth == 1) || (tokens[at] == "}" && depth == 0);
        if is_end && start < at {
            let stem: Vec<&str> = stem.iter().map(String::as_str).collect();
            all.extend(trees(&[&stem[..], &tokens[start..at]].concat()));
        }
        if is_end {
            start = at + 1;
        }
    }
    all
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words and signs of a text, `::` as one. No comments, texts, characters or lifetimes: nothing is named in them.
fn tokens(code: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), code);
    let cut = |text: &str, mark: &str| text.find(mark).map_or(text.len(), |at| at + mark.len());
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let after = &rest[word..];
        let length = if rest.starts_with("//") {
            cut(rest, "\n")
        } else if rest.starts_with("/*") {
            cut(rest, "*/")
        } else if first == '"' {
            text_length(rest)
        } else if first == '\'' {
            character_length(rest)
        } else if matches!(&rest[..word], "r" | "br") && after.trim_start_matches('#').starts_with('"') {
            let hashes = after.len() - after.trim_start_matches('#').len();
            let end = format!("\"{}", "#".repeat(hashes));
            word + hashes + 1 + cut(&after[hashes + 1..], &end)
        } else if word > 0 {
            tokens.push(&rest[..word]);
            word
        } else if rest.starts_with("::") {
            tokens.push("::");
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long a text in quotes is.
fn text_length(text: &str) -> usize {
    let mut is_escaped = true; // the quote that opens it
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long a character in quotes is, or a lifetime.
fn character_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => {
            text[at + 1..].find('\'').map_or(text.len(), |end| at + 1 + end + 1)
        }
        (_, Some((at, '\''))) => at + 1,
        _ => 1 + text[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len() - 1),
    }
}

fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    loops(files.iter().copied()).into_iter().map(|found| found.files.into_iter().collect()).collect()
}

#[test]
fn a_loop_is_found_through_groups_renames_and_names_that_are_handed_on() {
    for (files, expected) in [
        // Straight.
        (vec![("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "fn b() -> crate::a::A {}")], "a.rs b.rs"),
        // Over three, by way of a module's name and a rename.
        (
            vec![
                ("a.rs", "use crate::{b, c as other}; fn a() { b::b(); }"),
                ("b.rs", "use crate::c; pub fn b() { c::c() }"),
                ("c.rs", "pub fn c() { super::a::X }\npub static X: &'static str = \"\";"),
            ],
            "a.rs b.rs c.rs",
        ),
        // A parent that uses its child's names, and the child the parent's own.
        (
            vec![
                ("m/mod.rs", "mod c; use c::C; pub struct M(C);"),
                ("m/c.rs", "use super::M; pub struct C;"),
            ],
            "m/c.rs m/mod.rs",
        ),
        // Handed on and used as well; and a child's child beside a file of its parent's name.
        (
            vec![
                ("m.rs", "mod c; pub(crate) use c::{self as d, C}; pub struct M(C);"),
                ("m/c.rs", "pub struct C(crate::m::M);"),
            ],
            "m.rs m/c.rs",
        ),
        // By a name that another module hands on: what counts is who defines it.
        (
            vec![
                ("m/mod.rs", "mod c; mod d; pub use c::C;"),
                ("m/c.rs", "pub struct C; fn c() { super::d::D }"),
                ("m/d.rs", "use crate::m::{C, C as E}; pub struct D;"),
            ],
            "m/c.rs m/d.rs",
        ),
        // A name that a macro makes.
        (
            vec![("a.rs", "make!(A); fn a() { crate::b::b() }"), ("b.rs", "pub fn b() { crate::a::A }")],
            "a.rs b.rs",
        ),
    ] {
        assert_eq!(found(&files).iter().map(|files| files.join(" ")).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn no_loop_is_found_where_there_is_none() {
    let table: [&[(&str, &str)]; 6] = [
        &[("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")],
        // Names are handed on, and the child uses the parent's.
        &[
            ("m/mod.rs", "pub mod c; pub use c::{C, c}; pub struct M;"),
            ("m/c.rs", "use super::M; pub struct C;"),
        ],
        // The child of a module that hands it on uses a sibling, not its parent.
        &[
            ("m/mod.rs", "mod c; mod d; pub use c::C; use d::D; fn m(_: D) {}"),
            ("m/c.rs", "pub struct C;"),
            ("m/d.rs", "use super::C; pub struct D(C);"),
        ],
        // In texts, comments and other crates nothing is named.
        &[
            ("a.rs", "use crate::b::B; pub struct A; const T: &str = \"crate::b::B \\\" \"; /* crate::b */"),
            (
                "b.rs",
                "// crate::a::A\npub struct B; const R: &str = r#\"\"crate::a::A\"#; const C: char = '\"';",
            ),
            ("c.rs", "use a::A; use other::b; fn c<'a>(x: &'a A) { b::B; x.a::<A>() }"),
        ],
        // A module that is written out within the file names what is above it.
        &[("a.rs", "mod inner { use super::{A, super::b::B}; } pub struct A;"), ("b.rs", "pub struct B;")],
        // A file that names itself.
        &[("a.rs", "use self::A as B; pub struct A; fn a() -> crate::a::A {}")],
    ];
    for files in table {
        assert_eq!(found(files), Vec::<Vec<String>>::new(), "{files:?}");
    }
}
