//! Every finding there is: one table, from which `--explain` and `docs/findings.md` are made.
//!
//! A code is a contract: it keeps its meaning for ever, and a rule that means something else gets another code.
//! Sources are named by page: "API" is the service's own model of CreateUser, "Admin Guide" and "CloudFormation" are
//! AWS's documentation, "console" is the template of the console's own CSV import.

use std::borrow::Cow;

use super::Severity;
use crate::text::{Voice, worded};

/// One kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable code, kebab-case.
    pub id: &'static str,
    /// Whether it stops the row.
    pub(crate) severity: Severity,
    /// What is wrong, in a few words.
    pub(crate) title: &'static str,
    /// Why it matters.
    pub(crate) why: &'static str,
    /// Who says so.
    pub(crate) source: &'static str,
    /// How to mend it, with settings marked; also the hint of a finding that has none of its own.
    pub(crate) fix: &'static str,
}

impl Code {
    /// How to mend it, in the words of a screen.
    pub(crate) fn told_fix(&self, voice: &dyn Voice) -> Cow<'static, str> {
        worded(self.fix, voice)
    }

    /// All that is to be said of it, in the words of a screen.
    pub(crate) fn explanation(&self, voice: &dyn Voice) -> String {
        let Code { id, title, why, source, fix: _, .. } = self;
        let fix = self.told_fix(voice);
        format!("{id} ({}): {title}\n\nWhy: {why}\nFix: {fix}\nSource: {source}\n", self.severity.word())
    }
}

/// All codes: the reader's, then the rules'.
pub fn all() -> impl Iterator<Item = &'static Code> {
    READER.iter().chain(RULES).copied()
}

/// Finds a code by its name.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id == id)
}

/// The code whose name is nearest to a mistyped one.
pub(crate) fn nearest(id: &str) -> Option<&'static Code> {
    let distance = |code: &&Code| strsim::osa_distance(code.id, id);
    all().min_by_key(distance).filter(|code| distance(code) <= id.len() / 3)
}

macro_rules! codes {
    ($(#[$doc:meta])* $table:ident; $($name:ident = $severity:ident $id:literal, $title:literal,
        why: $why:literal, source: $source:literal, fix: $fix:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub(crate) static $name: Code = Code {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                why: $why,
                source: $source,
                fix: $fix,
            };
        )*

        $(#[$doc])*
        pub static $table: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    /// What the reader says of a file, its header and its cells, in the order in which a roster meets it.
    READER;

    NO_KNOWN_COLUMN = Error "no-known-column", "no column of the header is known",
        why: "the file may be another one, or its first row is not its header",
        source: "console: the header of its own template",
        fix: "`headcount columns ROSTER` proposes a map for `⟦column-map FILE.toml⟧`; if the header is in another row or \
              sheet, name it with `⟦header-row N⟧` or `⟦sheet NAME⟧`";
    HEADER_FOUND = Warning "header-found", "the header is not in the first row",
        why: "lists have titles and dates above their header; what stands there is not read",
        source: "headcount",
        fix: "nothing to do if that row is the header; else name it with `⟦header-row N⟧`";
    SHEET_FOUND = Warning "sheet-found", "the roster is not on the first sheet",
        why: "the first sheet has no column that is known, and another has; the first is not read",
        source: "headcount",
        fix: "nothing to do if that sheet is the roster; else name it with `⟦sheet NAME⟧`";
    SHEETS_NOT_READ = Warning "sheets-not-read", "another sheet looks like a roster too",
        why: "one sheet is read, and people may stand on the others",
        source: "headcount",
        fix: "nothing to do if these are other lists; else import each with `⟦sheet NAME⟧`";
    HEADER_AGAIN = Warning "header-again", "a row is the header once more",
        why: "files that were put one behind the other have it, and printed lists; it is no person and is passed over",
        source: "headcount",
        fix: "nothing to do; delete the row to be rid of the warning";
    SECOND_TABLE = Error "second-table", "a second table begins, with other columns",
        why: "its rows mean something else in each column; neither they nor what follows is read",
        source: "headcount",
        fix: "give each table a file of its own, or read one of them with `⟦header-row N⟧`";
    TABLE_ENDS = Warning "table-ends", "the table ends where another begins",
        why: "the row of the header was given, and so it is plain which of the tables is meant; the other is not read",
        source: "headcount",
        fix: "nothing to do; `⟦header-row N⟧` reads the other table";
    FOOTER = Warning "footer", "there are notes or totals below the people",
        why: "they are no people and are passed over",
        source: "headcount",
        fix: "nothing to do; delete the rows to be rid of the warning";
    ROWS_OF_NOBODY = Warning "rows-of-nobody", "the last rows have settings and nobody in them",
        why: "forms are filled down below the last person; a row without name, login, e-mail and password is passed over",
        source: "headcount",
        fix: "nothing to do if nobody is missing; delete the rows to be rid of the warning";
    ROW_IN_QUOTES = Warning "row-in-quotes", "all cells of a row stand in one cell",
        why: "a spreadsheet that takes another delimiter writes a row so, in one pair of quotes; it is read as it was meant",
        source: "headcount",
        fix: "check with `headcount columns ROSTER`; in the spreadsheet, split the column into columns and save again";
    UNKNOWN_COLUMN = Warning "unknown-column", "a column's header means nothing to headcount",
        why: "the column is not read; what it holds does not reach the users",
        source: "headcount",
        fix: "map or ignore it with `⟦column-map FILE.toml⟧`";
    MISSPELT_COLUMN = Error "misspelt-column", "a column's header is almost one that headcount knows",
        why: "read as the one, or not at all: either would be a guess",
        source: "headcount",
        fix: "correct the header, or map or ignore it with `⟦column-map FILE.toml⟧`";
    MERGED_COLUMNS = Warning "merged-columns", "two columns mean the same",
        why: "they are read as one, and cells that differ are an error",
        source: "console: its templates of 2023 and later name the hierarchy twice",
        fix: "nothing to do while they agree; else drop one with `⟦column-map FILE.toml⟧`";
    ENCODING_GUESSED = Warning "encoding-guessed", "the file is not UTF-8 and its encoding is guessed",
        why: "a wrong encoding changes people's names silently",
        source: "headcount",
        fix: "look at the names, give `⟦encoding⟧`, or save the file as CSV UTF-8";
    ROW_FILTER_UNCLEAR = Error "row-filter-unclear", "it cannot be told whether the column map leaves the row out",
        why: "a date that may be two days, or a cell that is none: a person who has left would be made, or one who has not \
              would be lost",
        source: "headcount",
        fix: "write the date as `2026-12-01`, or correct the cell";
    ROLE_UNKNOWN = Error "role-unknown", "a cell is none of the roles that the column map has",
        why: "what the role decides would be missing, or be another's",
        source: "headcount",
        fix: "correct the cell, or add the role to `[roles]` in the column map";
    SLASH_LEVELS = Warning "slash-levels", "`/` is read as the border between levels of the hierarchy",
        why: "the column is that of AWS's bulk agent tool, which writes its paths so",
        source: "AWS blog: Create and update agents in bulk with Amazon Connect",
        fix: "nothing to do, unless a group has `/` in its name: then write `|` between the levels of that path";
    LEAVERS_IN_ROSTER = Warning "leavers-in-roster", "a column says who is no longer there, and no row is left out by it",
        why: "whoever has left would get a login that works",
        source: "headcount",
        fix: "choose the rows with `[skip]` or `[only]` in a file for `⟦column-map FILE.toml⟧`; `headcount columns ROSTER` \
              proposes it";
    ACTION_COLUMN = Warning "action-column", "a column says what is to be done with people, and it is not obeyed",
        why: "every row is read as one of somebody who joins, whoever is to be changed or to leave",
        source: "headcount",
        fix: "`⟦actions-obeyed⟧` does what it says: who joins is made, who moves is changed, who leaves is deleted";
    ACTION_UNKNOWN = Error "action-unknown", "a cell says something else than what is to be done",
        why: "nobody is made, changed or deleted by a guess",
        source: "headcount",
        fix: "write `create`, `update` or `remove`, or leave the cell blank; other words are given a meaning under \
              `[actions]` in a file for `⟦column-map FILE.toml⟧`";
    TARGET_COLUMN = Warning "target-column", "a column says to which of several instances people go, and it is not obeyed",
        why: "without a file of targets every row is for the one instance that is named, whatever the column says",
        source: "headcount",
        fix: "`⟦targets FILE.toml⟧` sends each row to the target that it names";
    TARGET_UNKNOWN = Error "target-unknown", "a row names a target that there is not",
        why: "nobody is made on an instance by a guess",
        source: "headcount",
        fix: "write a target's name as the file of targets has it, or list the word in that target's `also`";
    TARGET_MISSING = Error "target-missing", "a row names no target",
        why: "nobody is made on an instance by a guess",
        source: "headcount",
        fix: "fill in the cell, or say in the file of targets which is the `default_target`";
    STAYERS_IN_LIST = Error "stayers-in-list", "a column says who goes, and not all on the list of leavers do",
        why: "everybody on a list of leavers is deleted, and nobody can undo that: a whole roster is no such list",
        source: "headcount",
        fix: "choose the rows with `[only]` or `[skip]` in a file for `⟦column-map FILE.toml⟧`";
    RAGGED_ROW = Error "ragged-row", "the row has more or fewer cells than the header",
        why: "its cells cannot be told apart, and a password may stand under any header",
        source: "RFC 4180: each line has the same number of fields",
        fix: "quote the cell that holds a delimiter, or mend the row";
    SHORT_ROWS = Warning "short-rows", "rows have fewer cells than the header, and those missing may be left out",
        why: "spreadsheets drop delimiters at the end of rows, sixteen rows at a time; the missing cells are read as blank",
        source: "Microsoft Support: column delimiters are missing in an Excel spreadsheet that is saved as text",
        fix: "nothing to do, unless something is missing there";
    UNCLOSED_QUOTE = Error "unclosed-quote", "a quote opens in the row and never closes",
        why: "the rest of the file is taken for one cell",
        source: "RFC 4180: quoted fields",
        fix: "close the quote, or double it where it is part of the text";
    ENCODING_UNCLEAR = Error "encoding-unclear", "the file is not UTF-8, and its encoding cannot be told for certain",
        why: "read in the wrong encoding, people get other names than their own, and nobody sees it before they do",
        source: "headcount",
        fix: "look at the names in both and say which with `⟦encoding⟧`, or save the file as CSV UTF-8";
    UNDECODABLE_TEXT = Error "undecodable-text", "the cell has letters that are lost",
        why: "U+FFFD stands where a program could not read what was there: this one with the file's encoding, or another \
              before it",
        source: "Unicode, U+FFFD REPLACEMENT CHARACTER",
        fix: "type the letters again; where all of the file is so, give the right `⟦encoding⟧`, or export it again as UTF-8";
    CELL_WITHOUT_HEADER = Warning "cell-without-header", "a cell stands under no header",
        why: "it is not read",
        source: "headcount",
        fix: "give the column a header, or empty the cell";
    NUMBER_NOT_TEXT = Error "number-not-text", "the cell holds a number where text is meant",
        why: "a spreadsheet drops the leading zeros and plus signs of numbers",
        source: "headcount",
        fix: "format the column as Text and save: each number is then read as it stands; look whether leading zeros are gone";
    NUMBER_READ = Warning "number-read", "a column of telephone numbers holds numbers where text is meant",
        why: "a spreadsheet has dropped a leading zero or plus sign; the numbering plan of the country that was named has the number",
        source: "headcount",
        fix: "look whether they are right; format the column as Text to keep what is typed there";
    FORMULA_WITHOUT_VALUE = Error "formula-without-value", "the cell has a formula and no value",
        why: "a program wrote the formula, and no spreadsheet has computed it: the cell only seems empty",
        source: "ECMA-376 part 1, 18.3.1.96: the value of a formula is the one that was computed last",
        fix: "open the workbook in a spreadsheet and save it";
    DIGITS_LOST = Warning "digits-lost", "the cell holds a number with more digits than a spreadsheet keeps",
        why: "a spreadsheet keeps 15 digits and makes the others zeros",
        source: "headcount",
        fix: "format the column as Text and type the value again";
    DATE_NOT_TEXT = Error "date-not-text", "the cell holds a date or a time",
        why: "a spreadsheet takes some texts for dates, and what was typed is lost",
        source: "headcount",
        fix: "format the column as Text and type the value again";
    CELL_ERROR = Error "cell-error", "the cell holds a spreadsheet error such as `#N/A`",
        why: "there is no value: a formula failed or was still loading, or a database wrote `\\N` for nothing",
        source: "headcount",
        fix: "mend the formula, or type the value";
    HIDDEN_SHEETS = Warning "hidden-sheets", "the workbook has hidden sheets",
        why: "they are not read, and nobody sees them: a part of the roster may stand there",
        source: "headcount",
        fix: "nothing to do, or read another sheet with `⟦sheet NAME⟧`";
    HIDDEN_COLUMNS = Warning "hidden-columns", "the sheet has hidden columns",
        why: "they are read like any other, and nobody sees what is sent",
        source: "headcount",
        fix: "unhide and check them, or ignore them with `⟦column-map FILE.toml⟧`";
    HIDDEN_ROWS = Warning "hidden-rows", "the sheet has hidden rows",
        why: "they are read like any other; a filter hides rows, and does not take them out",
        source: "headcount",
        fix: "remove the filter and look; delete the rows that are not meant";
    MERGED_OVER_ROWS = Error "merged-over-rows", "a cell is merged with those above it",
        why: "the value of merged cells belongs to the first of them, and the others are empty",
        source: "headcount",
        fix: "unmerge the cells and fill in each of them";
    MERGED_OVER_COLUMNS = Warning "merged-over-columns", "a cell is merged with its neighbours",
        why: "the value of merged cells belongs to the first of them, and the others are empty",
        source: "headcount",
        fix: "unmerge the cells and fill in each of them";
    DELIMITER_GUESSED = Warning "delimiter-guessed", "the file is read with `|` between its cells",
        why: "cells of a roster use `|` themselves: profiles, hierarchy and tags",
        source: "headcount",
        fix: "check with `headcount columns ROSTER`, or save the file with commas";
    NAME_NOT_SPLIT = Error "name-not-split", "a whole name is not written as the column map says",
        why: "which of three words is the last name would be a guess",
        source: "headcount",
        fix: "write it as the map says, or give the roster a column for each of the two names";
}

codes! {
    /// What the rules say, in the order in which a roster meets it.
    RULES;

    // The file as a whole.
    NO_ROWS = Error "no-rows", "the roster has a header and no rows",
        why: "there is nobody to create; a filter or an export that went wrong looks the same",
        source: "console: a file must have at least one row",
        fix: "add a row for each user below the header";
    COLUMN_MISSING = Error "column-missing", "a column that every row needs is missing",
        why: "without it no row of the file can be created; it is said once instead of once a row",
        source: "API, CreateUser: Username, RoutingProfileId and SecurityProfileIds are required, Password with \
                 CONNECT_MANAGED, FirstName and LastName with CONNECT_MANAGED or SAML",
        fix: "add the column, or name the one that carries it with `⟦column-map FILE.toml⟧`; `headcount columns ROSTER` \
              shows how the columns are read";
    COLUMNS_DISAGREE = Error "columns-disagree", "two columns of one meaning differ",
        why: "two columns of the file are read as the same setting; which of the two values is meant would be a guess",
        source: "console: its templates of 2023 and later name the hierarchy twice",
        fix: "make the cells equal, empty one of them, or drop one column with `⟦column-map FILE.toml⟧`";
    SAMPLE_ROW = Warning "sample-row", "the template's sample row is still in the roster",
        why: "it would become a real user named `user`",
        source: "console: the sample row of its own template",
        fix: "delete the row";
    CANNOT_BE_CLEARED = Error "cannot-be-cleared", "the cell says `(clear)`, and nobody can be without a value there",
        why: "every user has a username, names, a routing profile and a security profile; a password and a directory user \
              id are never changed",
        source: "API, UpdateUserRoutingProfile and UpdateUserSecurityProfiles: the new value is required",
        fix: "empty the cell, which leaves it as it is, or write the new value";
    NOTHING_TO_CLEAR = Error "nothing-to-clear", "the cell says `(clear)`, and the person is not there yet",
        why: "`(clear)` takes a value from a user who is there; an import makes users, and would give them nothing to begin \
              with",
        source: "headcount",
        fix: "empty the cell; for people who are there, `headcount update ROSTER`";
    STRAY_SPACES = Warning "stray-spaces", "there are spaces around the cell",
        why: "they are left out of what is sent, line breaks and characters that nobody sees too; said once a column",
        source: "headcount; API, CreateUser: names are compared and stored exactly",
        fix: "nothing to do: the cell is read without them";

    // What happened to the text before it came.
    MISREAD_TEXT = Error "misread-text", "the text was read in another encoding than it was written in",
        why: "`Ã¼` for `ü`: nobody is called so, and the name would stand so wherever it is shown",
        source: "headcount; Unicode, UTF-8: such pairs come of its bytes alone",
        fix: "export the file again as UTF-8, or type the letters again";
    LETTERS_LOST = Warning "letters-lost", "a `?` stands where a letter was",
        why: "programs that write ASCII alone put `?` for every other letter; the letters themselves are gone",
        source: "headcount; Windows PowerShell, Export-Csv: `-Encoding` is ASCII unless told",
        fix: "type the letters again, or export the file again, with `-Encoding UTF8` where it was Export-Csv";
    ESCAPED_TEXT = Warning "escaped-text", "the text is escaped for another format",
        why: "`&#039;` is HTML for `'`, `%C3%BC` a link's `ü`, and a backslash a database's: none is part of a name",
        source: "headcount",
        fix: "write the text as it is meant; where the file escapes quotes with `\\`, export it with doubled quotes";
    QUOTED_NAME = Warning "quotes-in-name", "a quotation mark is part of the name",
        why: "it comes of a file whose quotes were not read as such, or were made curly; it would be shown with the name",
        source: "headcount; RFC 4180: quotes around a field are not part of it",
        fix: "write the name without quotation marks";
    INVISIBLE_CHARACTER = Warning "invisible-character", "the text has a character that nobody sees",
        why: "marks of direction, soft hyphens and spaces of no width come with text that was copied; who searches for the \
              name does not find it",
        source: "Unicode: default ignorable and format characters; the joiners of Persian and of Indic scripts are none",
        fix: "type the text again";
    FULL_WIDTH = Warning "full-width-text", "the text has letters or digits of full width",
        why: "they look like the plain ones and are others: who types the plain ones does not find it",
        source: "Unicode, Halfwidth and Fullwidth Forms",
        fix: "type it again with plain letters";
    PLACEHOLDER = Warning "placeholder", "the cell holds a word for nothing",
        why: "databases and scripts write `NULL`, `nan`, `None` or `N/A` where there is no value; but there are people who are \
              called so",
        source: "headcount",
        fix: "fill in the value; nothing to do where it is meant";

    // Who.
    USERNAME_MISSING = Error "username-missing", "there is no username",
        why: "every user has one; it is the identity of the row",
        source: "API, CreateUser: Username is required",
        fix: "fill in the username";
    USERNAME_TOO_LONG = Error "username-too-long", "the username is too long",
        why: "the service takes at most 64 characters with SAML and 20 otherwise",
        source: "API, CreateUser: Username",
        fix: "shorten it; with SAML it must be what the identity provider sends as RoleSessionName";
    USERNAME_CHARACTERS = Error "username-characters", "the username has a character that is not allowed",
        why: "the service takes letters and digits of ASCII, `_`, `-`, `.` and `@`",
        source: "API, CreateUser: Username; CloudFormation, AWS::Connect::User",
        fix: "use only a-z, A-Z, 0-9, `_`, `-`, `.` and `@`";
    USERNAME_NOT_EMAIL = Error "username-not-email", "the username has an `@` and is not a whole e-mail address",
        why: "the service takes `@` only as part of a whole address: `user@example.com`, not `user@example`",
        source: "API, CreateUser: Username",
        fix: "complete the address or leave the `@` out";
    USERNAME_AT_SIGN = Warning "username-at-sign", "the username has an `@` and is not a whole e-mail address",
        why: "the API's page says that `@` is only for whole addresses; Salesforce's contact centres have users with SAML who are \
              called `alias@user id@org id` all the same",
        source: "API, CreateUser: Username; Salesforce Help, Use Customized Usernames for Contact Centers",
        fix: "nothing to do where it is what the identity provider sends as RoleSessionName; else complete the address";
    USERNAME_SPACES = Warning "username-spaces", "there are spaces around the username",
        why: "the username is sent without them; if the identity provider sends them, the agent cannot log in",
        source: "Admin Guide, Configure SAML: the username is compared exactly",
        fix: "remove the spaces from the cell, non-breaking ones too";
    USERNAME_DUPLICATE = Error "username-duplicate", "another row has the same username",
        why: "a username can be taken once only, and which of the rows is meant would be a guess",
        source: "API, CreateUser: DuplicateResourceException; console: no duplicate users",
        fix: "delete one of the rows, or give one of them another username";
    USERNAME_CASE_VARIANT = Warning "username-case-variant", "a username that differs only in case",
        why: "usernames are case-sensitive: these are two users, and an agent who types the other case is refused",
        source: "Admin Guide, Configure SAML; Admin Guide, Troubleshoot SAML",
        fix: "if it is the same person, keep one spelling: with SAML, the one that the identity provider sends";
    SAME_PERSON = Warning "same-person", "two rows seem to be one person under two usernames",
        why: "a person who is listed twice gets two users, and pays for both; the names and the address, number or directory id are \
              the same in both rows. The first 100,000 people of a roster are compared",
        source: "headcount",
        fix: "delete one of the rows; nothing to do where they are two people, or one who needs two users";
    USERNAME_EXISTS = Warning "username-exists", "the instance has a user of this name already",
        why: "an import does not touch users that are there: it would report the row as `exists`",
        source: "API, CreateUser: DuplicateResourceException",
        fix: "drop the row if that user is meant, else choose another username";

    FIRST_NAME_MISSING = Error "first-name-missing", "there is no first name",
        why: "the service requires it with CONNECT_MANAGED and SAML",
        source: "API, CreateUser: IdentityInfo.FirstName",
        fix: "fill in the first name";
    LAST_NAME_MISSING = Error "last-name-missing", "there is no last name",
        why: "the service requires it with CONNECT_MANAGED and SAML",
        source: "API, CreateUser: IdentityInfo.LastName",
        fix: "fill in the last name";
    NAME_TOO_LONG = Error "name-too-long", "the first or last name is too long",
        why: "a first name has at most 255 characters; a last name 256 with CONNECT_MANAGED and 300 otherwise",
        source: "API, CreateUser: IdentityInfo; CloudFormation, AWS::Connect::User UserIdentityInfo",
        fix: "shorten it";
    NAME_NOT_NFC = Warning "name-not-nfc", "the name is written with decomposed characters",
        why: "the service takes names in Unicode's composed form (NFC) only; files from a Mac often have the other",
        source: "API, CreateUser: IdentityInfo.FirstName and LastName",
        fix: "nothing to do: it is sent in the composed form";
    NAME_CONTROL_CHARACTER = Warning "name-control-character", "the name has a line break or another control character",
        why: "it would be part of the name wherever it is shown",
        source: "headcount",
        fix: "remove it from the cell";

    EMAIL_MISSING = Warning "email-missing", "there is no e-mail address",
        why: "with CONNECT_MANAGED it is where a password reset goes; AWS's pages disagree whether it is required",
        source: "API, CreateUser: \"Email, FirstName and LastName are required if using Amazon Connect or SAML\"; AWS's \
                 own examples leave it out",
        fix: "fill in the e-mail address";
    EMAIL_NOT_ALLOWED = Error "email-not-allowed", "an e-mail address is not allowed with SAML",
        why: "the service refuses the user",
        source: "API, CreateUser: IdentityInfo.Email; Admin Guide, Configure SAML",
        fix: "move it to the secondary e-mail column, the only way a SAML user gets notifications";
    EMAIL_SYNTAX = Error "email-syntax", "this is not an e-mail address",
        why: "the service refuses it, or its mails never arrive",
        source: "API, CreateUser: IdentityInfo.Email",
        fix: "write one whole address, as in `name@example.com`";
    SECONDARY_EMAIL_SYNTAX = Error "secondary-email-syntax", "this is not a secondary e-mail address the service takes",
        why: "it must match the service's own pattern: at most 265 characters, letters, digits and `._%+-` before the \
              `@`, a domain with a dot after it",
        source: "API, CreateUser: IdentityInfo.SecondaryEmail",
        fix: "write one whole address, as in `name@example.com`";
    MOBILE_NOT_E164 = Error "mobile-not-e164", "the mobile number is not in E.164 form",
        why: "the service takes `+`, the country code and the number, 2 to 15 digits in all, and nothing between them",
        source: "API, CreateUser: IdentityInfo.Mobile; CloudFormation, AWS::Connect::User",
        fix: "write it as in `+12065550100`; in a spreadsheet, format the column as text first";

    PASSWORD_MISSING = Error "password-missing", "there is no password",
        why: "with CONNECT_MANAGED the service answers `Required parameter missing: Password`",
        source: "API, CreateUser: Password",
        fix: "fill in a first password, or have one made for each user: `headcount import` with \
              `⟦made-passwords⟧ ⟦credentials-file FILE⟧`";
    PASSWORD_BLANKED = Error "password-blanked", "the password is blank: headcount leaves it out of a file of failed rows",
        why: "a file that headcount writes never has a password in it; with CONNECT_MANAGED the row cannot be sent \
              without one",
        source: "headcount",
        fix: "type the user's first password into the cell again, or mend the row in the roster itself and use \
              `headcount retry LEDGER` without `⟦other-roster⟧`";
    PASSWORD_NOT_ALLOWED = Error "password-not-allowed", "a password is not allowed with this identity type",
        why: "only CONNECT_MANAGED instances keep passwords; the others refuse the user",
        source: "API, CreateUser: Password",
        fix: "empty the column, or check with `⟦identity-type⟧` that the right identity type is meant";
    PASSWORD_POLICY = Error "password-policy", "the password breaks the policy",
        why: "the service takes 8 to 64 characters with at least one a-z, one A-Z and one digit",
        source: "API, CreateUser: Password",
        fix: "choose a password of 8 to 64 characters with a lower-case letter, an upper-case letter and a digit";
    PASSWORD_WHITESPACE = Error "password-whitespace", "the password has whitespace in it or around it",
        why: "the service refuses whitespace; it is never removed here, for that would make another password",
        source: "API, CreateUser: Password",
        fix: "remove the space, tab or line break; look at the end of the cell";
    PASSWORD_ELLIPSIS = Warning "password-ellipsis", "the password has a typographic ellipsis",
        why: "spreadsheets make one character of three dots, and AWS says that it can cause an error",
        source: "Admin Guide, Add users",
        fix: "type three dots again with autocorrection off, or choose another password";
    PASSWORD_INVISIBLE = Error "password-invisible", "the password has a character that nobody can see or type",
        why: "whoever reads it off a sheet types another and is locked out; it is never removed here, for that would make \
              another password",
        source: "Unicode: default ignorable, format and control characters, U+FFFD",
        fix: "type the password into the cell again, or choose another";
    PASSWORD_AUTOCORRECTED = Warning "password-autocorrected", "the password has punctuation that autocorrection makes",
        why: "spreadsheets and word processors make `“` of `\"` and `–` of `-`; who types what is printed types another password",
        source: "headcount; Admin Guide, Add users, says so of the ellipsis",
        fix: "type the password again with autocorrection off, or choose another";
    PASSWORDS_NOT_USED = Warning "passwords-not-used", "passwords of people who are there are not changed",
        why: "the service has no call that sets the password of a user who is there; the cells are not looked at",
        source: "API: no operation but CreateUser takes a password",
        fix: "nothing to do; a new password is asked for on the sign-in page, with the e-mail address of the user";
    PASSWORDS_IDENTICAL = Warning "passwords-identical", "many rows have the same password",
        why: "whoever knows one of these users' passwords can log in as any of them",
        source: "headcount",
        fix: "give each user a password of their own";
    DIRECTORY_USER_ID_NOT_ALLOWED = Error "directory-user-id-not-allowed", "a directory user id is only for EXISTING_DIRECTORY",
        why: "the service refuses it with SAML, and it means nothing with CONNECT_MANAGED",
        source: "API, CreateUser: DirectoryUserId",
        fix: "empty the column, or check with `⟦identity-type⟧` that the right identity type is meant";

    // What they may do.
    ROUTING_PROFILE_MISSING = Error "routing-profile-missing", "there is no routing profile",
        why: "every user has exactly one",
        source: "API, CreateUser: RoutingProfileId is required",
        fix: "fill in the routing profile's name";
    ROUTING_PROFILE_UNKNOWN = Error "routing-profile-unknown", "the instance has no such routing profile",
        why: "names are case-sensitive; the service would answer that it does not know it",
        source: "API, CreateUser: ResourceNotFoundException",
        fix: "use a name, id or ARN of the instance; if it is new, save the directory again with `headcount directory`";
    SECURITY_PROFILES_MISSING = Error "security-profiles-missing", "there is no security profile",
        why: "every user has at least one",
        source: "API, CreateUser: SecurityProfileIds has 1 to 10 items",
        fix: "fill in the security profile's name, `|` between several";
    SECURITY_PROFILES_TOO_MANY = Error "security-profiles-too-many", "there are more than 10 security profiles",
        why: "the service takes at most 10",
        source: "API, CreateUser: SecurityProfileIds has 1 to 10 items",
        fix: "keep at most 10";
    SECURITY_PROFILE_EMPTY = Error "security-profile-empty", "there is nothing between two `|`",
        why: "a name may have been lost",
        source: "console: the cell's grammar",
        fix: "write the missing name or remove the `|`";
    SECURITY_PROFILE_REPEATED = Error "security-profile-repeated", "a security profile is named twice",
        why: "the list must be of distinct profiles; another may have been meant",
        source: "CloudFormation, AWS::Connect::User: SecurityProfileArns are unique",
        fix: "remove one, or write the one that was meant";
    SECURITY_PROFILE_UNKNOWN = Error "security-profile-unknown", "the instance has no such security profile",
        why: "names are case-sensitive; a profile is never left out silently, for it decides what the user may do",
        source: "API, CreateUser: ResourceNotFoundException",
        fix: "use a name, id or ARN of the instance; if it is new, save the directory again with `headcount directory`";
    OTHER_SEPARATOR = Warning "other-separator", "a cell is read as one name, and looks like several",
        why: "other importers have `;`, `,`, `/` or brackets where Amazon Connect's console has `|`; a name may have these too, \
              and without the instance nobody knows",
        source: "console: the cell's grammar",
        fix: "write `|` between names, and between levels from the top down";
    HIERARCHY_TOO_DEEP = Error "hierarchy-too-deep", "the hierarchy path has more than five levels",
        why: "an instance has at most five",
        source: "API, HierarchyPath: LevelOne to LevelFive",
        fix: "write the path with at most five levels, the top level first";
    HIERARCHY_LEVEL_EMPTY = Error "hierarchy-level-empty", "a level of the hierarchy path is empty",
        why: "a level may have been lost",
        source: "console: the cell's grammar",
        fix: "write the path without gaps, the top level first, as in `Planet|Continent|Country`";
    HIERARCHY_UNKNOWN = Error "hierarchy-unknown", "the instance has no such hierarchy group",
        why: "names are case-sensitive, and a path is written from the top level down",
        source: "API, CreateUser: ResourceNotFoundException",
        fix: "use the whole path, an id or an ARN of the instance; if it is new, save the directory again with \
              `headcount directory`";
    HIERARCHY_AMBIGUOUS = Error "hierarchy-ambiguous", "several hierarchy groups have this name",
        why: "which of them is meant would be a guess",
        source: "API, ListUserHierarchyGroups: names come without their parents",
        fix: "write the whole path, the top level first";

    // How they answer.
    PHONE_TYPE_UNKNOWN = Error "phone-type-unknown", "the phone type is neither soft nor desk",
        why: "the service knows these two",
        source: "API, CreateUser: PhoneConfig.PhoneType; console: the cell's grammar",
        fix: "write `soft` or `desk`";
    PHONE_TYPE_MISSING = Warning "phone-type-missing", "there is a phone number and no phone type",
        why: "a number is used with a desk phone only",
        source: "API, CreateUser: PhoneConfig",
        fix: "write `desk` if calls are to go to the number, else remove it";
    DESK_PHONE_NUMBER_MISSING = Error "desk-phone-number-missing", "a desk phone has no number",
        why: "calls would have nowhere to go",
        source: "API, CreateUser: PhoneConfig.DeskPhoneNumber",
        fix: "fill in the number in E.164 form, as in `+12065550100`, or write `soft`";
    PHONE_NUMBER_NOT_E164 = Error "phone-number-not-e164", "the phone number is not in E.164 form",
        why: "the service takes `+`, the country code and the number, 2 to 15 digits in all, and nothing between them",
        source: "API, CreateUser: PhoneConfig.DeskPhoneNumber",
        fix: "write it as in `+12065550100`; in a spreadsheet, format the column as text first";
    PHONE_NUMBER_NOT_SENT = Warning "phone-number-not-sent", "the phone number of a softphone user is not in E.164 form",
        why: "the service would refuse it, and a softphone does not need it; the console's own sample has such a number",
        source: "API, CreateUser: PhoneConfig.DeskPhoneNumber; console: the sample row of its own template",
        fix: "nothing to do: the user is created without the number; write it as in `+12065550100` to have it sent";
    AUTO_ACCEPT_DESK_PHONE = Warning "auto-accept-desk-phone", "auto-accept is on with a desk phone",
        why: "auto-accept is a setting of softphones; that it does anything with a desk phone is said nowhere",
        source: "Admin Guide, Enable auto-accept",
        fix: "write `no`, or `soft` as the phone type";
    AFTER_CONTACT_WORK = Error "after-contact-work", "the after-contact work time is not a number of seconds the service takes",
        why: "it takes whole seconds from 0 (no limit) to 2,000,000 (about 23 days)",
        source: "API, CreateUser: PhoneConfig.AfterContactWorkTimeLimit",
        fix: "write whole seconds from 0 to 2000000, without unit or separators";
    SETTINGS_CONFLICT = Error "settings-conflict", "two columns set the same thing, one for all channels and one for a single one",
        why: "the service refuses both together, and which of them is meant would be a guess",
        source: "API, CreateUser: \"cannot be set simultaneously\" (PhoneConfig and the per-channel members)",
        fix: "empty one of the two; the per-channel column is the one that AWS recommends";
    AGENT_FIRST_CALLBACK_ALONE = Error "agent-first-callback-alone", "an agent-first callback setting has no voice setting with it",
        why: "the service has the one only as a part of the other, and what voice is to have would be a guess",
        source: "API, AutoAcceptConfig: AutoAccept is required; AfterContactWorkConfigPerChannel: AfterContactWorkConfig is \
                 required",
        fix: "fill in the voice column as well: `auto accept voice` or `ACW timeout voice`";
    PHONE_TYPE_VOICE_MISSING = Error "phone-type-voice-missing", "there is a voice phone number and no voice phone type",
        why: "the service takes the number only with a type",
        source: "API, PhoneNumberConfig: PhoneType is required",
        fix: "write `soft` or `desk` in the column `phone type voice`";
    CHAT_AFTER_CONTACT_WORK_CUT = Warning "chat-after-contact-work-cut", "the after-contact work of chats ends after 90 minutes",
        why: "the service takes higher values and ends it after 5,400 seconds all the same; the setting for all channels has \
              those of chats in it",
        source: "API, AfterContactWorkConfig and UserPhoneConfig: for the CHAT channel the maximum is 5,400 seconds",
        fix: "write at most 5400, or 0 for no limit; nothing to do where the user has no chats";
    NOT_YES_OR_NO = Error "not-yes-or-no", "this is neither yes nor no",
        why: "what is meant would be a guess",
        source: "console: the cell's grammar",
        fix: "write `yes` or `no`";
    AUDIO_ENHANCEMENT_UNKNOWN = Error "audio-enhancement-unknown", "the audio enhancement is none that the service has",
        why: "the service knows none, voice isolation and noise suppression",
        source: "API, CreateUser: VoiceEnhancementConfigs; console: the cell's grammar",
        fix: "write `none`, `isolate voice` or `suppress noise`";

    // Tags.
    TAG_SYNTAX = Error "tag-syntax", "a tag is not written as key|value",
        why: "what is key and what is value would be a guess",
        source: "console: the cell's grammar",
        fix: "write `key|value`, and `||` between tags: `key|value||key|value`";
    TAGS_TOO_MANY = Error "tags-too-many", "there are more than 50 tags",
        why: "the service takes at most 50 a user, and headcount needs one place to prove which users it made",
        source: "API, CreateUser: Tags has 1 to 50 entries",
        fix: "keep at most 49 tags";
    TAG_ROOM = Error "tag-room", "there are 50 tags, and the fiftieth place is headcount's own",
        why: "the service takes at most 50 a user, and headcount tags each user with `headcount:run`, so that a create \
              whose answer was lost can be settled",
        source: "API, CreateUser: Tags has 1 to 50 entries",
        fix: "remove one tag, or import with `⟦untagged⟧`";
    TAG_KEY_LENGTH = Error "tag-key-length", "a tag's key is empty or longer than 128 characters",
        why: "the service takes 1 to 128 characters",
        source: "API, CreateUser: Tags",
        fix: "write a key of 1 to 128 characters";
    TAG_KEY_CHARACTERS = Error "tag-key-characters", "a tag's key has a character that is not allowed",
        why: "the service takes letters, digits and spaces of any script, and `_.:/=+-@`",
        source: "API, CreateUser: Tags",
        fix: "use letters, digits, spaces and `_.:/=+-@`";
    TAG_KEY_AWS = Error "tag-key-aws", "a tag's key begins with `aws:`",
        why: "these keys are AWS's own",
        source: "API, CreateUser: Tags",
        fix: "choose another key";
    TAG_KEY_RESERVED = Error "tag-key-reserved", "the tag key `headcount:run` is headcount's own",
        why: "it proves which users an import made; a roster that sets it could make another's user look like ours",
        source: "headcount",
        fix: "remove the tag or choose another key";
    TAG_VALUE_TOO_LONG = Error "tag-value-too-long", "a tag's value is longer than 256 characters",
        why: "the service takes at most 256",
        source: "API, CreateUser: Tags",
        fix: "shorten the value";
    TAG_REPEATED = Error "tag-repeated", "a tag key is there twice",
        why: "a user has one value for a key, and which is meant would be a guess",
        source: "API, CreateUser: Tags is a map",
        fix: "keep one of them";

    // What they are good at.
    PROFICIENCY_SYNTAX = Error "proficiency-syntax", "a proficiency is not written as attribute:value:level",
        why: "what is attribute, value and level would be a guess",
        source: "API, UserProficiency: AttributeName, AttributeValue and Level are required",
        fix: "write `Language:German:4`, and `|` between several; where a name has a colon, `Language|German|4` and `||`";
    PROFICIENCY_NAME_LENGTH = Error "proficiency-name-length", "a proficiency's attribute or value is empty or longer than 100 characters",
        why: "the service takes 1 to 100 characters",
        source: "API, UserProficiency: AttributeName, AttributeValue",
        fix: "use the name and the value of one of the instance's predefined attributes";
    PROFICIENCY_LEVEL = Error "proficiency-level", "a proficiency's level is not 1, 2, 3, 4 or 5",
        why: "the service knows these five",
        source: "API, UserProficiency: Level, \"the valid values are 1, 2, 3, 4 and 5\"",
        fix: "write a whole number from 1 to 5";
    PROFICIENCIES_TOO_MANY = Error "proficiencies-too-many", "there are more proficiencies than the account's quota allows",
        why: "the user would be created, and its proficiencies refused",
        source: "Service Quotas, L-50375162: proficiencies per agent, as it is applied",
        fix: "keep as many as the quota allows, or have it raised";
    PROFICIENCIES_ABOVE_DEFAULT = Warning "proficiencies-above-default", "there are more than 10 proficiencies",
        why: "an agent has at most 10 unless the account's quota was raised, and what is applied there is not known here",
        source: "Service Quotas, L-50375162: proficiencies per agent, 10 by default and adjustable",
        fix: "keep at most 10 unless the quota was raised";
    PROFICIENCY_REPEATED = Error "proficiency-repeated", "an attribute and value are there twice",
        why: "an agent has one level for each, and which is meant would be a guess",
        source: "API, AssociateUserProficiencies",
        fix: "keep one of them";
    PROFICIENCY_ATTRIBUTE_UNKNOWN = Error "proficiency-attribute-unknown", "the instance has no such predefined attribute",
        why: "names are case-sensitive; the user would be created, and its proficiencies refused",
        source: "API, AssociateUserProficiencies: ResourceNotFoundException",
        fix: "use an attribute of the instance; if it is new, save the directory again with `headcount directory`";
    PROFICIENCY_VALUE_UNKNOWN = Error "proficiency-value-unknown", "the predefined attribute has no such value",
        why: "values are case-sensitive; the user would be created, and its proficiencies refused",
        source: "API, AssociateUserProficiencies; PredefinedAttribute: Values",
        fix: "use a value of the attribute; if it is new, save the directory again with `headcount directory`";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use std::fmt::Write as _;

    use super::super::may_be_let_through;
    use super::{Code, Severity, all, nearest};
    use crate::cli::voice::Flags;
    use crate::text::Voice;

    /// The text of `docs/findings.md`, in the words of a screen.
    fn markdown(voice: &dyn Voice) -> String {
        let mut page = String::from(
            "# Findings\n\n\
             What `headcount validate` (and the check before every import) can say of a roster. An error stops the row: \
             the service would refuse it, or it cannot be told what is meant. A warning does not: the service takes it, but \
             a person would regret it. An error that rests on prose alone, so that the service may see it otherwise, can be let \
             through for a run with `--allow CODE`, and is a warning then. The codes never change their meaning; `headcount validate --explain CODE` prints \
             one of these. This page is generated from the table in `src/finding/codes.rs`.\n\n\
             | code | severity | what is wrong |\n|---|---|---|\n",
        );
        for code in all() {
            let _ = writeln!(
                page,
                "| [`{0}`](#{0}) | {1} | {2} |",
                code.id,
                code.severity.word(),
                code.title.replace('|', "\\|")
            );
        }
        for code in all() {
            let Code { id, title, why, source, fix: _, .. } = code;
            let fix = code.told_fix(voice);
            let _ = write!(
                page,
                "\n## {id}\n\n{}: {title}.\n\n- Why: {why}\n- Fix: {fix}\n- Source: {source}\n",
                match code.severity {
                    Severity::Error => "Error",
                    Severity::Warning => "Warning",
                }
            );
            if may_be_let_through(id) {
                let _ =
                    writeln!(page, "- Let through: `--allow {id}`, for a run: the service has the last word");
            }
        }
        page
    }

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let distinct: HashSet<_> = all().map(|code| code.id).collect();
        assert_eq!(distinct.len(), all().count());
        for code in all() {
            assert!(
                code.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                code.id
            );
        }
    }

    #[test]
    fn every_code_says_what_why_who_and_how_in_one_voice() {
        for code in all() {
            for text in [code.title, code.why, code.source, code.fix] {
                assert!(
                    !text.is_empty() && !text.ends_with('.') && !text.contains("  "),
                    "{}: {text}",
                    code.id
                );
            }
        }
    }

    #[test]
    fn a_mistyped_code_is_recognised_and_nonsense_is_not() {
        assert_eq!(nearest("user-name-missing").map(|code| code.id), Some("username-missing"));
        assert_eq!(nearest("xyzzy"), None);
    }

    /// `HEADCOUNT_BLESS=1 cargo test` rewrites the page.
    #[test]
    fn the_page_of_findings_is_the_table() {
        assert!(!markdown(&Flags).contains(['⟦', '⟧']));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
        if std::env::var_os("HEADCOUNT_BLESS").is_some() {
            std::fs::write(path, markdown(&Flags)).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == markdown(&Flags),
            "docs/findings.md is not what the table says: run HEADCOUNT_BLESS=1 cargo test --lib findings"
        );
    }
}
