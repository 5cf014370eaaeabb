//! Rows of any number in order, in a bounded memory: what has no room goes to disk, in runs that are merged.
//!
//! DataFusion's own sort asks the memory pool while it merges, in as many partitions as there are, so whether it gets what it needs is a matter of
//! which partition asks first, and its answer under a tight limit one of luck. This one is a single sort of all partitions. [`sizes`] derives all that it
//! holds from the limit beforehand; where the pool refuses even that, it takes the little that it cannot do without, and so ends well under any limit.
//!
//! [`buffer`] holds rows until they are sorted, [`run`] what was sorted, in memory or in a file, [`sorter`] takes rows and merges runs, [`exec`] is the
//! plan node.

pub mod buffer;
pub mod exec;
pub mod run;
pub mod sizes;
pub mod sorter;
