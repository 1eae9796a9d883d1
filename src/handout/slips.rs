//! Slips to print and cut, one for each user: one page that opens anywhere, without a script, and that asks for nothing.

use secrecy::zeroize::Zeroizing;

use super::{HandOut, Person};
use crate::text::{count, html, policy_digest};

const STYLE: &str = include_str!("slips.css");

/// Whom slips are for, and where these people sign in.
pub(crate) struct Slips<'s> {
    pub(crate) handout: &'s HandOut<'s>,
    /// The instance's address for people; `None` where it is not known.
    pub(crate) sign_in: Option<&'s str>,
}

/// What a slip has to say that is the same on each, in bytes at the most, but for the address.
const FRAME: usize = 1536;

impl Slips<'_> {
    /// The page of these people, by their places. `value` is what they have in common; empty for all.
    ///
    /// The policy lets only this very style in: should anything from outside ever get past the escapes, it runs nothing
    /// and reaches nobody.
    pub(crate) fn page(&self, people: &[usize], value: &str) -> Zeroizing<Vec<u8>> {
        let people: Vec<&Person> = people.iter().filter_map(|at| self.handout.people.get(*at)).collect();
        // Large enough that it does not grow, which would leave copies.
        let mut page = Zeroizing::new(String::with_capacity(self.room(&people, value)));
        let title = match value {
            "" => "First passwords".to_owned(),
            value => format!("First passwords: {}", html(value)),
        };
        for part in [
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"generator\" content=\"headcount credentials\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-",
            &policy_digest(STYLE),
            "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"robots\" content=\"noindex, noarchive\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
            &title,
            "</title>\n<style>",
            STYLE,
            "</style>\n</head>\n<body>\n<header>\n<h1>",
            &title,
            "</h1>\n<p>",
            &count(people.len() as u64, "slip"),
            ". Print this page, cut along the dashed lines, hand each slip to its person, and then delete the file.</p>\n\
             </header>\n<main>\n",
        ] {
            page.push_str(part);
        }
        for two in people.chunks(2) {
            page.push_str("<div class=\"two\">\n");
            two.iter().for_each(|one| self.slip(&mut page, one));
            page.push_str("</div>\n");
        }
        page.push_str("</main>\n</body>\n</html>\n");
        Zeroizing::new(std::mem::take(&mut *page).into_bytes())
    }

    fn slip(&self, page: &mut String, one: &Person<'_>) {
        let name = if one.name.is_empty() { one.of.user } else { &one.name };
        let mut push = |parts: &[&str]| parts.iter().for_each(|part| page.push_str(part));
        push(&["<article class=\"slip\">\n<h2 dir=\"auto\">", &html(name), "</h2>\n"]);
        let beside = self.handout.columns.iter().zip(&one.cells).filter(|(_, cell)| !cell.is_empty());
        for (header, cell) in beside {
            let (header, cell) = (html(header), html(cell));
            push(&["<p class=\"beside\"><bdi>", &header, "</bdi>: <bdi>", &cell, "</bdi></p>\n"]);
        }
        push(&["<dl>\n"]);
        if let Some(address) = self.sign_in {
            push(&["<dt>Sign in at</dt><dd class=\"typed where\">", &html(address), "</dd>\n"]);
        }
        push(&["<dt>User login</dt><dd class=\"typed\">", &html(one.of.user), "</dd>\n"]);
        push(&["<dt>First password</dt><dd class=\"typed password\">"]);
        escaped(one.of.password.expose(), &mut push);
        let first = match self.sign_in {
            Some(_) => "Open it in Chrome, Edge or Firefox",
            None => "Ask your team lead where to sign in",
        };
        push(&[
            "</dd>\n</dl>\n<ol>\n<li>",
            first,
            ". Capital letters count.</li>\n\
             <li>Allow the microphone and notifications.</li>\n\
             <li>Show this slip to nobody. Destroy it once you are in.</li>\n</ol>\n</article>\n",
        ]);
    }

    fn room(&self, people: &[&Person<'_>], value: &str) -> usize {
        // Written out, a character takes up to twelve bytes.
        let long = |text: &str| 12 * text.len();
        let columns: usize = self.handout.columns.iter().map(|header| long(header) + 64).sum();
        let address = self.sign_in.map_or(0, long);
        let of_one = |one: &&Person| {
            let cells: usize = one.cells.iter().map(|cell| long(cell)).sum();
            let texts = long(&one.name) + 2 * long(one.of.user) + long(one.of.password.expose());
            FRAME + columns + address + cells + texts
        };
        STYLE.len() + 2 * long(value) + 4096 + people.iter().map(of_one).sum::<usize>()
    }
}

/// A password for an element, character by character: no copy of it is made. One that headcount makes has nothing to
/// escape.
fn escaped(password: &str, push: &mut impl FnMut(&[&str])) {
    let mut buffer = [0; 4];
    for c in password.chars() {
        push(&[match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut buffer),
        }]);
    }
}
