//! Every class has a group in train, and every side with a share has a group.

use super::board::Board;
use super::quote::quote;
use super::side::Side;
use crate::error::{Result, data_err};

/// Groups that can lie outside train, one for each other side, while the rest still holds every class.
///
/// There are at most two other sides, so trying all is exact: one group may leave when no class lives in it alone, two when
/// no class lives in just these two. At most one pair per class fails, so the search ends early.
pub(super) fn outsiders(board: &Board) -> Result<Vec<(usize, Side)>> {
    let sides: Vec<Side> = board.shares.sides().filter(|side| *side != Side::Train).collect();
    let free: Vec<usize> = (0..board.names.len()).filter(|g| !board.is_sole_source(*g)).collect();
    let both_may_leave = |a: usize, b: usize| {
        let held = |g: usize, c: usize| board.counts[g][c] > 0;
        !board.holders.iter().enumerate().any(|(c, holders)| *holders == 2 && held(a, c) && held(b, c))
    };
    let found = match (sides.as_slice(), free.as_slice()) {
        ([], _) => Some(vec![]),
        ([side], [group, ..]) => Some(vec![(*group, *side)]),
        ([one, two], _) => free.iter().enumerate().find_map(|(i, a)| {
            let b = free[i + 1..].iter().find(|b| both_may_leave(*a, **b))?;
            Some(vec![(*a, *one), (*b, *two)])
        }),
        _ => None,
    };
    match found {
        Some(outsiders) => Ok(outsiders),
        None => data_err!(
            "train needs a group of every class, and then no group is left for {}: {}. Record these classes in more groups, leave them out, or set a share to 0",
            sides.iter().map(|side| side.name()).collect::<Vec<_>>().join(" and "),
            rare_classes(board)
        ),
    }
}

/// Moves groups until train holds every class and no side with a share is empty; says what was moved.
///
/// `free` are the groups that may be outside train, in the order they were placed in; `outsiders` is what [`outsiders`]
/// found, the way out when no single move helps.
pub(super) fn repair(board: &mut Board, free: &[usize], outsiders: &[(usize, Side)]) -> Vec<String> {
    let mut notes = vec![];
    // The rarest class has the fewest groups to choose from, so it chooses first.
    let mut classes: Vec<usize> = (0..board.classes.len()).collect();
    classes.sort_by_key(|c| board.holders[*c]);
    for class in classes {
        if board.covers[Side::Train as usize][class] > 0 {
            continue;
        }
        let holders = || free.iter().copied().filter(|g| board.counts[*g][class] > 0);
        let spare: Vec<usize> =
            holders().filter(|g| board.sides[*g].is_some_and(|s| board.groups[s as usize] > 1)).collect();
        let candidates = if spare.is_empty() { holders().collect() } else { spare };
        if let Some(group) = smoothest(board, &candidates, Side::Train) {
            notes.push(format!(
                "group '{}' was moved to train, which had no row of class '{}'",
                board.names[group], board.classes[class]
            ));
            board.place(group, Side::Train);
        }
    }
    for side in board.shares.sides().filter(|side| *side != Side::Train).collect::<Vec<_>>() {
        if board.groups[side as usize] > 0 {
            continue;
        }
        let candidates: Vec<usize> = free.iter().copied().filter(|g| may_leave(board, *g)).collect();
        match smoothest(board, &candidates, side) {
            Some(group) => board.place(group, side),
            None => {
                for &group in free {
                    board.place(group, Side::Train);
                }
                for &(group, side) in outsiders {
                    board.place(group, side);
                }
                notes
                    .push("so few groups hold the rare classes that validation and test have one group each, and train the rest".to_owned());
                break;
            }
        }
    }
    notes
}

/// One sentence for each class that validation or test lacks.
pub(super) fn gaps(board: &Board) -> Vec<String> {
    let mut notes = vec![];
    for (c, class) in board.classes.iter().enumerate() {
        let lacking: Vec<&str> =
            board.shares.sides().filter(|s| board.covers[*s as usize][c] == 0).map(Side::name).collect();
        if !lacking.is_empty() {
            let holders = holders(board, c);
            notes.push(format!(
                "class '{class}' is not in {}: it lives in {}",
                lacking.join(" and "),
                quote(&holders, "group")
            ));
        }
    }
    notes
}

/// The candidate whose move to a side leaves the smallest spread; the first of equals.
fn smoothest(board: &mut Board, candidates: &[usize], side: Side) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for &group in candidates {
        let spread = board.spread_with(group, side);
        if best.is_none_or(|(_, least)| spread < least - 1e-12) {
            best = Some((group, spread));
        }
    }
    best.map(|(group, _)| group)
}

/// Whether a group's side stays as good without it: not empty, and in train no class lost.
fn may_leave(board: &Board, group: usize) -> bool {
    let Some(side) = board.sides[group] else { return true };
    let covers = &board.covers[side as usize];
    let keeps_classes = board.counts[group].iter().zip(covers).all(|(n, cover)| *n == 0 || *cover > 1);
    board.groups[side as usize] > 1 && (side != Side::Train || keeps_classes)
}

fn holders(board: &Board, class: usize) -> Vec<&str> {
    (0..board.names.len()).filter(|g| board.counts[*g][class] > 0).map(|g| board.names[g].as_str()).collect()
}

/// `class 'a' is in 1 group ('v1'); ...` for the classes of the fewest groups, five at most.
fn rare_classes(board: &Board) -> String {
    let mut rare: Vec<usize> = (0..board.classes.len()).filter(|c| board.holders[*c] <= 2).collect();
    rare.sort_by_key(|c| board.holders[*c]);
    let named = |c: &usize| format!("class '{}' is in {}", board.classes[*c], quote(&holders(board, *c), "group"));
    let more = if rare.len() > 5 { format!("; and {} more", rare.len() - 5) } else { String::new() };
    rare.iter().take(5).map(named).collect::<Vec<_>>().join("; ") + &more
}
