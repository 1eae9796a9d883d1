//! One segment that is put, whose answer may be lost, and whose bytes may arrive late or twice.
//!
//! A machine puts a segment at the place behind the last that it knows. Until it is known whether it stands there, nothing
//! else may be put there, nothing behind it, and nothing that it carries may be acted on. A machine dies at any time.

use super::walk::{MACHINES, Model, Order};
use crate::ledger::shared::{Heard, Next, Put, next};

/// The most segments that are put.
pub(super) const PUTS: usize = 5;

/// The most places for them.
pub(super) const PLACES: usize = 4;

/// How large a model is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Machines, at most [`MACHINES`].
    pub(super) machines: usize,
    /// Segments that are put, at most [`PUTS`].
    pub(super) puts: u8,
    /// Places for them, at most [`PLACES`].
    pub(super) places: u8,
}

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Lines that came in the meantime are put along, and a segment of one's own session is taken for what was put.
    Merge,
    /// No answer is taken for success.
    UnclearIsDone,
    /// No answer is taken for failure.
    UnclearIsNotDone,
}

/// How all stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// Which put stands at each place, from 1; 0 is none.
    places: [u8; PLACES],
    puts: [Sent; PUTS],
    machines: [Machine; MACHINES],
    /// How many puts there were.
    count: u8,
    /// How many intents there were.
    intents: u8,
    /// The intents that were acted on, each a bit.
    acted: u8,
    /// A machine took its own segment for another's.
    is_fenced_by_itself: bool,
}

/// A segment that was put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Sent {
    /// The intents that it carries, each a bit.
    carries: u8,
    by: u8,
    to: u8,
    /// How many copies are on their way.
    flying: u8,
    told: Told,
}

/// What its sender can hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Told {
    #[default]
    Nothing,
    Done,
    Taken,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Machine {
    at: Pc,
    /// The last place that it knows to be filled.
    tip: u8,
    /// What it puts.
    put: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Pc {
    /// It has read nothing.
    #[default]
    Begins,
    /// It has the ledger, as far as it knows.
    Ready,
    /// A put has left.
    Waits,
    /// It looks at the place.
    Looks,
    /// Dead, or fenced.
    Gone,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Reads(usize),
    Puts(usize, u8),
    Hears(usize, &'static str),
    Looks(usize),
    Dies(usize),
    Arrives(u8, bool),
    IsLost(u8),
}

/// The model.
pub(super) struct Append {
    pub(super) bounds: Bounds,
    pub(super) wrong: Option<Wrong>,
}

impl Append {
    fn machine(&self, world: &World, place: usize, steps: &mut Vec<(Step, World)>) {
        let own = world.machines[place];
        let with = |machine: Machine| {
            let mut then = *world;
            then.machines[place] = machine;
            then
        };
        match own.at {
            Pc::Begins => {
                let filled = world.places.iter().take_while(|put| **put != 0).count();
                let tip = u8::try_from(filled).expect("there are few places");
                steps.push((Step::Reads(place), with(Machine { at: Pc::Ready, tip, ..own })));
            }
            Pc::Ready => {
                if own.tip < self.bounds.places && world.count < self.bounds.puts {
                    let mut then = with(Machine { at: Pc::Waits, put: world.count + 1, ..own });
                    let carries = then.intent();
                    then.send(carries, place, own.tip + 1);
                    steps.push((Step::Puts(place, then.count), then));
                }
            }
            Pc::Waits => {
                let sent = *world.sent(own.put);
                let nonce = Some(world.places[usize::from(sent.to) - 1]).filter(|put| *put != 0);
                let named = nonce.map(|put| put.to_string());
                let heard: &[(&'static str, Heard)] = match sent.told {
                    Told::Nothing => &[],
                    Told::Done => &[("done", Heard::Put(Put::Done))],
                    // Not every engine says what stands there.
                    Told::Taken => &[
                        ("something stands there, and what", Heard::Put(Put::Taken(named))),
                        ("something stands there", Heard::Put(Put::Taken(None))),
                    ],
                };
                for (words, heard) in heard {
                    let mut then = *world;
                    then.puts[usize::from(own.put) - 1].told = Told::Nothing;
                    steps.push((Step::Hears(place, words), self.after(&then, place, heard)));
                }
                let nothing = ("nothing", self.after(world, place, &Heard::Nothing));
                steps.push((Step::Hears(place, nothing.0), nothing.1));
                steps.push((Step::Dies(place), with(Machine { at: Pc::Gone, ..own })));
            }
            Pc::Looks => {
                let to = world.sent(own.put).to;
                let stands = Some(world.places[usize::from(to) - 1]).filter(|put| *put != 0);
                let heard = Heard::Stands(stands.map(|put| put.to_string()));
                steps.push((Step::Looks(place), self.after(world, place, &heard)));
                steps.push((Step::Dies(place), with(Machine { at: Pc::Gone, ..own })));
            }
            Pc::Gone => {}
        }
    }

    /// How all stands once a machine has heard that, and done what follows.
    fn after(&self, world: &World, place: usize, heard: &Heard) -> World {
        let own = world.machines[place];
        let sent = *world.sent(own.put);
        let stands = world.places[usize::from(sent.to) - 1];
        let is_own = |put: u8| put != 0 && usize::from(world.sent(put).by) == place;
        let mut then = *world;
        let machine = &mut then.machines[place];
        let mut follows = next(&own.put.to_string(), heard);
        match (self.wrong, heard) {
            (Some(Wrong::UnclearIsDone), Heard::Nothing) => follows = Next::Landed,
            (Some(Wrong::UnclearIsNotDone), Heard::Nothing) => {
                *machine = Machine { at: Pc::Ready, put: 0, ..own };
                return then;
            }
            // "It is from my session."
            (Some(Wrong::Merge), Heard::Stands(_)) if is_own(stands) => follows = Next::Landed,
            _ => {}
        }
        match follows {
            Next::Landed => {
                *machine = Machine { at: Pc::Ready, tip: sent.to, put: 0 };
                then.acted |= sent.carries;
            }
            Next::Fenced => {
                *machine = Machine { at: Pc::Gone, ..own };
                then.is_fenced_by_itself |= is_own(stands);
            }
            Next::Look => machine.at = Pc::Looks,
            Next::PutAgain if self.wrong == Some(Wrong::Merge) => {
                if world.count == self.bounds.puts {
                    machine.at = Pc::Gone;
                } else {
                    *machine = Machine { at: Pc::Waits, put: world.count + 1, ..own };
                    let carries = sent.carries | then.intent();
                    then.send(carries, place, sent.to);
                }
            }
            Next::PutAgain => {
                machine.at = Pc::Waits;
                let sent = &mut then.puts[usize::from(own.put) - 1];
                sent.flying = (sent.flying + 1).min(2);
            }
        }
        then
    }
}

impl World {
    fn sent(&self, put: u8) -> &Sent {
        &self.puts[usize::from(put) - 1]
    }

    /// One intent more, as its bit.
    fn intent(&mut self) -> u8 {
        self.intents += 1;
        1 << (self.intents - 1)
    }

    fn send(&mut self, carries: u8, by: usize, to: u8) {
        let by = u8::try_from(by).expect("there are few machines");
        self.puts[usize::from(self.count)] = Sent { carries, by, to, flying: 1, told: Told::Nothing };
        self.count += 1;
    }
}

impl Model for Append {
    type World = World;
    type Step = Step;

    fn begin(&self) -> World {
        World {
            places: [0; PLACES],
            puts: [Sent::default(); PUTS],
            machines: [Machine::default(); MACHINES],
            count: 0,
            intents: 0,
            acted: 0,
            is_fenced_by_itself: false,
        }
    }

    fn steps(&mut self, world: &World, steps: &mut Vec<(Step, World)>) {
        for place in 0..self.bounds.machines {
            self.machine(world, place, steps);
        }
        for put in 1..=world.count {
            let sent = *world.sent(put);
            if sent.flying == 0 {
                continue;
            }
            let index = usize::from(put) - 1;
            let stands = world.places[usize::from(sent.to) - 1];
            let told = if stands == 0 { Told::Done } else { Told::Taken };
            for is_heard in [true, false] {
                let mut then = *world;
                then.puts[index].flying -= 1;
                then.puts[index].told = if is_heard { told } else { sent.told };
                if stands == 0 {
                    then.places[usize::from(sent.to) - 1] = put;
                }
                steps.push((Step::Arrives(put, is_heard), then));
            }
            let mut then = *world;
            then.puts[index].flying -= 1;
            steps.push((Step::IsLost(put), then));
        }
    }

    fn ordered(&self, world: World) -> (World, Order) {
        (world, std::array::from_fn(|place| place))
    }

    fn fault(&mut self, world: &World) -> Option<&'static str> {
        let standing = world.places.iter().filter(|put| **put != 0);
        let stands = standing.fold(0, |all, put| all | world.sent(*put).carries);
        if world.acted & !stands != 0 {
            return Some("what a segment carries was acted on, and it does not stand");
        }
        world.is_fenced_by_itself.then_some("a machine took its own segment for another's")
    }

    fn words(&self, step: Step, _: &Order) -> String {
        match step {
            Step::Reads(machine) => format!("machine {} reads the ledger", machine + 1),
            Step::Puts(machine, put) => format!("machine {} puts segment {put}", machine + 1),
            Step::Hears(machine, what) => format!("machine {} hears of its put: {what}", machine + 1),
            Step::Looks(machine) => format!("machine {} looks at the place", machine + 1),
            Step::Dies(machine) => format!("machine {} dies", machine + 1),
            Step::Arrives(put, is_heard) => {
                let lost = if is_heard { "" } else { "; the answer is lost" };
                format!("segment {put} arrives{lost}")
            }
            Step::IsLost(put) => format!("segment {put} is lost on its way"),
        }
    }
}
