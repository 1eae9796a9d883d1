//! Every state that a model comes to, breadth-first, so that the story of a fault is a shortest one.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The most machines of a model.
pub(super) const MACHINES: usize = 3;

/// Which machine stands at each place of a state whose machines are in order.
pub(super) type Order = [usize; MACHINES];

/// What can happen, in steps.
pub(super) trait Model {
    /// How all stands.
    type World: Copy + Eq + Hash;
    /// What happens.
    type Step: Copy;

    /// How all stands before anything has happened.
    fn begin(&self) -> Self::World;

    /// Whatever can happen next, each with how all stands then.
    fn steps(&mut self, world: &Self::World, next: &mut Vec<(Self::Step, Self::World)>);

    /// The same with its machines in an order of its own, for it does not matter which is which.
    fn ordered(&self, world: Self::World) -> (Self::World, Order);

    /// What must always hold and does not, in words.
    fn fault(&mut self, world: &Self::World) -> Option<&'static str>;

    /// What happens, in words; `names` says which machine is meant by each place.
    fn words(&self, step: Self::Step, names: &Order) -> String;
}

/// A walk that has ended.
pub(super) struct Walked {
    /// How many states there are; where there is a fault, how many were met until it was.
    pub(super) states: usize,
    /// The first fault.
    pub(super) fault: Option<Fault>,
}

/// What must hold and does not, and how it came to it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: &'static str,
    story: Vec<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        let mut steps = self.story.iter().zip(1..);
        steps.try_for_each(|(step, number)| writeln!(f, "{number:>4}. {step}"))
    }
}

/// Goes through all states, until there are no more or one is at fault.
pub(super) fn walk<M: Model>(model: &mut M) -> Walked {
    let mut seen: HashSet<M::World, BuildHasherDefault<Mixed>> = HashSet::default();
    let (first, _) = model.ordered(model.begin());
    // Each with the one that it was first come to from.
    let mut worlds = vec![(first, 0_u32)];
    seen.insert(first);
    let (mut at, mut next) = (0, Vec::new());
    while at < worlds.len() {
        let (world, _) = worlds[at];
        if let Some(what) = model.fault(&world) {
            return Walked {
                states: worlds.len(),
                fault: Some(Fault { what, story: story(model, &worlds, at) }),
            };
        }
        model.steps(&world, &mut next);
        for (_, then) in next.drain(..) {
            let (then, _) = model.ordered(then);
            if seen.insert(then) {
                worlds.push((then, u32::try_from(at).expect("fewer states than that")));
            }
        }
        at += 1;
    }
    Walked { states: worlds.len(), fault: None }
}

/// How a state was come to, its machines called as they were at the beginning.
fn story<M: Model>(model: &mut M, worlds: &[(M::World, u32)], mut at: usize) -> Vec<String> {
    let mut way = vec![at];
    while at != 0 {
        at = worlds[at].1 as usize;
        way.push(at);
    }
    way.reverse();
    let mut names: Order = std::array::from_fn(|machine| machine);
    let (mut told, mut next) = (Vec::new(), Vec::new());
    for (from, to) in way.iter().zip(&way[1..]) {
        model.steps(&worlds[*from].0, &mut next);
        let came = next.drain(..).find_map(|(step, then)| {
            let (then, order) = model.ordered(then);
            (then == worlds[*to].0).then_some((step, order))
        });
        let (step, order) = came.expect("what was come to once is come to again");
        told.push(model.words(step, &names));
        names = order.map(|place| names[place]);
    }
    told
}

/// A hash that is quick also where nothing is optimised: states are small, and nobody chooses them.
#[derive(Default)]
pub(super) struct Mixed(u64);

impl Mixed {
    fn mix(&mut self, bits: u64) {
        self.0 = (self.0.rotate_left(5) ^ bits).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.mix(chunk.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)));
        }
        chunks.remainder().iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn write_u8(&mut self, bits: u8) {
        self.mix(u64::from(bits));
    }

    fn write_u16(&mut self, bits: u16) {
        self.mix(u64::from(bits));
    }

    fn write_u64(&mut self, bits: u64) {
        self.mix(bits);
    }

    fn write_usize(&mut self, bits: usize) {
        self.mix(bits as u64);
    }

    fn write_isize(&mut self, bits: isize) {
        self.mix(bits as u64);
    }
}
