//! Each recording's frames together and in order, without a sort where they already lie so.
//!
//! Frames are mostly stored as they were recorded: one recording after the other, each in the order of its frames. [`run`]
//! finds such runs while batches are read, and makes them of batches that have none; [`recordings`] numbers what they
//! belong to, [`block`] holds the rows. [`order`] puts the runs of a recording behind one another and sorts only those that
//! overlap. [`gather`] reads all partitions, [`exec`] is the plan node; where there is no [`memory`], [`replay`] hands what
//! was read to one sort of everything ([`crate::frames::sorting`]), whose rows all go to the first partition. [`exec`], [`gather`] and [`replay`] know
//! plans, the others only rows and what they occupy.

pub mod block;
pub mod changes;
pub mod exec;
pub mod gather;
pub mod memory;
pub mod order;
pub mod recordings;
pub mod replay;
pub mod run;
