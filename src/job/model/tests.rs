//! The models, walked through.

use super::append::{self, Append};
use super::walk::{Walked, walk};

#[test]
fn try_it() {
    let first = append::Bounds { machines: 2, puts: 3, places: 2 };
    for (bounds, wrong) in [
        (first, None),
        (append::Bounds { places: 3, ..first }, None),
        (append::Bounds { puts: 4, places: 3, ..first }, None),
        (append::Bounds { puts: 3, places: 2, machines: 3 }, None),
        (append::Bounds { puts: 4, places: 3, machines: 3 }, None),
        (first, Some(append::Wrong::Merge)),
        (first, Some(append::Wrong::UnclearIsDone)),
        (first, Some(append::Wrong::UnclearIsNotDone)),
    ] {
        let since = std::time::Instant::now();
        let mut model = Append { bounds, wrong };
        let Walked { states, fault } = walk(&mut model);
        eprintln!("{bounds:?} {wrong:?}: {states} states, {:?}", since.elapsed());
        if let Some(fault) = fault {
            eprintln!("{fault}");
        }
    }
}
