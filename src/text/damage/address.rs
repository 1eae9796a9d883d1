//! Addresses as mail programs, links and people write them.

/// The addresses in a text that is none: without `mailto:`, the name and the brackets around it, what stands between two, and
/// the marks of a sentence. `is_one` says what an address is.
pub(crate) fn inside(text: &str, is_one: fn(&str) -> bool) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || ",;<>()[]{}\"|“”„«»".contains(c);
    let plain = text.replace("(at)", "@").replace("[at]", "@").replace(" @ ", "@");
    let mut found: Vec<String> = Vec::new();
    for piece in plain.split(between) {
        let piece = piece.trim_matches(|c: char| ".:'‘’`´/\\".contains(c));
        let piece = piece.rsplit_once(':').map_or(piece, |(_, rest)| rest);
        let piece = piece.split_once('?').map_or(piece, |(address, _)| address);
        if is_one(piece) && !found.iter().any(|known| known == piece) {
            found.push(piece.to_owned());
        }
    }
    // A comma is a dot's neighbour on the keyboard.
    let dotted = plain.trim().replace(',', ".");
    if found.is_empty() && is_one(&dotted) {
        found.push(dotted);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_is_around_it() {
        let is_one = |text: &str| {
            text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && domain.contains('.')
                    && !domain.ends_with('.')
                    && !text.contains([',', ':', '?'])
            })
        };
        for text in [
            "mailto:a.b@example.com",
            "MAILTO:a.b@example.com?subject=Hello",
            "Ada Brandt <a.b@example.com>",
            "\"Brandt, Ada\" <a.b@example.com>;",
            "a.b@example.com;",
            "<a.b@example.com>",
            "'a.b@example.com'",
            "a.b@example.com.",
            "a.b@example,com",
            "a.b(at)example.com",
            "a.b @ example.com",
            "SMTP:a.b@example.com",
            "a.b@example.com; a.b@example.com",
        ] {
            assert_eq!(inside(text, is_one), ["a.b@example.com"], "{text}");
        }
        assert_eq!(inside("a@example.com / b@example.com", is_one), ["a@example.com", "b@example.com"]);
        assert_eq!(inside("Ada Brandt", is_one), [""; 0]);
    }
}
