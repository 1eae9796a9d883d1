//! What every target does with a roster: open it, read all its rows, check them.

use headcount::agent::IdentityType;
use headcount::roster::{Field, Options, Roster, Row};
use headcount::validate::{Rules, check};

/// Reads to the end or to a failure. It must come back, without a panic, and its numbers must rise.
pub fn exhaust(bytes: &[u8], options: &Options, map: &str) {
    let Ok(roster) = Roster::from_memory(bytes.to_vec(), options, map) else { return };
    let Ok(mut rows) = roster.rows() else { return };
    let (mut row, mut last) = (Row::default(), roster.header_row());
    while let Ok(true) = rows.read(&mut row) {
        assert!(row.number > last, "row {} after row {last}", row.number);
        last = row.number;
        assert!(row.cells.len() >= roster.width());
        for field in Field::ALL {
            let _ = roster.columns().cell(&row, field);
        }
    }
    let _ = check(&roster, &Rules::new(IdentityType::ConnectManaged), &mut |row| drop(row.agent()));
}
