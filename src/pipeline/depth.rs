//! How deep statements nest, before anything walks down into them.
//!
//! A parsed statement is a tree, and so is its plan. What walks over them (parser, planner, optimizer, even what frees them) calls itself for each level, so a deep
//! tree ends the process where the stack of the thread ends. `a OR b OR c ...` is as deep as it is long, without a bracket. So depth is counted from tokens, and
//! in plans by a list of what is left to look at.

use std::borrow::Cow;
use std::collections::HashMap;

use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Result, query_err};

/// A statement of more levels is refused. Threads with stacks of 32 MiB, as the binary has them, hold twice as many (`tests/it/hostile.rs`).
pub const MOST: usize = 2_000;

/// A plan of more levels is refused: what nests in views and lists of tables shows in no statement alone. A view is two levels or three.
const MOST_OF_PLAN: usize = 4_000;
/// Nodes of a plan in which every view is written out, as DataFusion does: views that read another twice double them each time.
const MOST_NODES: u64 = 100_000;

/// How deep a statement may be at most, by its tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Depth {
    /// Levels of the tree that it becomes, or a few more.
    pub levels: usize,
    /// Levels of brackets, CASE and what stands before its operand, for each of which the parser calls itself.
    pub nested: usize,
}

/// The depth of a statement.
pub fn of(tokens: &[TokenWithSpan]) -> Depth {
    let mut walk = Walk { open: vec![Level::default()], nested: 0 };
    tokens.iter().for_each(|token| walk.take(&token.token));
    while walk.open.len() > 1 {
        walk.close();
    }
    Depth { levels: walk.open.pop().map_or(0, Level::levels), nested: walk.nested }
}

/// # Errors
/// More levels than [`MOST`].
pub fn check(depth: Depth) -> Result<()> {
    match depth.levels {
        levels if levels > MOST => query_err!(
            "the statement is nested too deeply ({levels} levels; at most {MOST}): of a chain such as a OR b OR c, or of UNION ALL, every link is a level; write a IN (...), \
             put rows into VALUES or a file, or make views or tables of parts"
        ),
        _ => Ok(()),
    }
}

/// # Errors
/// A plan of more levels than can be run.
pub fn check_plan(plan: &LogicalPlan) -> Result<()> {
    // Each plan once, after those below it: one view may be read in many places.
    let (mut left, mut known) = (vec![(plan, false)], HashMap::new());
    while let Some((plan, is_below_known)) = left.pop() {
        let address = std::ptr::from_ref(plan);
        if is_below_known {
            let below = below(plan).into_iter().filter_map(|below| known.get(&std::ptr::from_ref(below)));
            let (levels, nodes) = below
                .fold((0, 0_u64), |(levels, nodes), (of, more)| (usize::max(levels, *of), nodes.saturating_add(*more)));
            known.insert(address, (1 + levels, nodes.saturating_add(1)));
        } else if !known.contains_key(&address) {
            left.push((plan, true));
            left.extend(below(plan).into_iter().map(|below| (below, false)));
        }
    }
    let (levels, nodes) = known.get(&std::ptr::from_ref(plan)).copied().unwrap_or((0, 0));
    let way_out = "views that read views count as well; make a table of one of them (CREATE TABLE t AS SELECT ...)";
    if levels > MOST_OF_PLAN {
        return Err(Error::Query(format!(
            "the statement is nested too deeply ({levels} levels in its plan; at most {MOST_OF_PLAN}): {way_out}"
        )));
    }
    if nodes > MOST_NODES {
        return Err(Error::Query(format!(
            "the statement is too large ({nodes} nodes in its plan; at most {MOST_NODES}): {way_out}"
        )));
    }
    Ok(())
}

/// The inputs of a plan; of the scan of a view, what the view is.
fn below(plan: &LogicalPlan) -> Vec<&LogicalPlan> {
    let view = match plan {
        LogicalPlan::TableScan(scan) => scan.source.get_logical_plan(),
        _ => None,
    };
    let view = view.and_then(|view| if let Cow::Borrowed(view) = view { Some(view) } else { None });
    plan.inputs().into_iter().chain(view).collect()
}

/// What stands between two brackets, or between CASE and END.
#[derive(Debug, Default)]
struct Level {
    is_case: bool,
    /// UNION, EXCEPT, INTERSECT: each is a level above what stands before it.
    sets: usize,
    /// Joins of the SELECT that is read, and the most of those before it.
    joins: usize,
    most_joins: usize,
    /// The deepest expression so far.
    deepest: usize,
    ors: usize,
    /// Of the operands of OR: the most ANDs, and of theirs the most other operators, and what is in brackets.
    ands: usize,
    most_ands: usize,
    operators: usize,
    most_operators: usize,
    inner: usize,
    /// Words and signs that stand before an operand, one behind the other: NOT NOT - - x
    before: usize,
}

impl Level {
    /// An operand of AND ends.
    fn end_operand(&mut self) {
        self.most_operators = self.most_operators.max(self.operators);
        self.operators = 0;
    }

    /// An operand of OR ends.
    fn end_ands(&mut self) {
        self.end_operand();
        self.most_ands = self.most_ands.max(self.ands);
        self.ands = 0;
    }

    /// An expression ends.
    fn end_expression(&mut self) {
        self.end_ands();
        self.deepest = self.deepest.max(self.ors + self.most_ands + self.most_operators + self.inner);
        (self.ors, self.most_ands, self.most_operators, self.inner) = (0, 0, 0, 0);
    }

    fn end_select(&mut self) {
        self.end_expression();
        self.most_joins = self.most_joins.max(self.joins);
        self.joins = 0;
    }

    fn levels(mut self) -> usize {
        self.end_select();
        1 + self.sets + self.most_joins + self.deepest
    }
}

struct Walk {
    /// From the outermost on; never empty.
    open: Vec<Level>,
    nested: usize,
}

impl Walk {
    fn take(&mut self, token: &Token) {
        let depth = self.open.len();
        let Some(level) = self.open.last_mut() else { return };
        match token {
            Token::Whitespace(_) => {}
            Token::LParen | Token::LBracket | Token::LBrace => self.open(false),
            Token::RParen | Token::RBracket | Token::RBrace => {
                // CASE without its END does not keep a bracket open.
                while self.open.len() > 1 && self.open.last().is_some_and(|level| level.is_case) {
                    self.close();
                }
                self.close();
            }
            Token::Comma => level.end_expression(),
            Token::Period | Token::EOF | Token::SemiColon => {}
            Token::Word(word) => match word.keyword {
                Keyword::NoKeyword => level.before = 0,
                Keyword::CASE => self.open(true),
                Keyword::END if level.is_case => self.close(),
                Keyword::WHEN | Keyword::THEN | Keyword::ELSE if level.is_case => level.end_expression(),
                Keyword::OR | Keyword::XOR => {
                    level.end_ands();
                    level.ors += 1;
                }
                Keyword::AND => {
                    level.end_operand();
                    level.ands += 1;
                }
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                    level.end_select();
                    level.sets += 1;
                }
                Keyword::JOIN | Keyword::APPLY | Keyword::PIVOT | Keyword::UNPIVOT | Keyword::MATCH_RECOGNIZE => {
                    level.end_expression();
                    level.joins += 1;
                }
                Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::HAVING
                | Keyword::GROUP
                | Keyword::ORDER
                | Keyword::VALUES
                | Keyword::ON => level.end_expression(),
                // Words are names as well, and operators, some of which stand before what they are of.
                _ => Self::operator(level, depth, &mut self.nested),
            },
            Token::Number(..) | Token::Placeholder(_) | Token::Char(_) => level.before = 0,
            _ if is_text(token) => level.before = 0,
            _ => Self::operator(level, depth, &mut self.nested),
        }
    }

    fn operator(level: &mut Level, depth: usize, nested: &mut usize) {
        level.operators += 1;
        level.before += 1;
        *nested = (*nested).max(depth + level.before - 1);
    }

    fn open(&mut self, is_case: bool) {
        self.open.push(Level { is_case, ..Level::default() });
        self.nested = self.nested.max(self.open.len() - 1);
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        if let (Some(closed), Some(level)) = (self.open.pop(), self.open.last_mut()) {
            level.inner = level.inner.max(closed.levels());
            level.before = 0;
        }
    }
}

fn is_text(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::logical_expr::{LogicalPlanBuilder, Union, lit};
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::tokenizer::Tokenizer;

    use super::*;

    fn depth(sql: &str) -> Depth {
        of(&Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().unwrap())
    }

    fn chain(link: &str, operator: &str, n: usize) -> String {
        format!("SELECT {}", vec![link; n].join(operator))
    }

    #[test]
    fn a_chain_is_as_deep_as_it_is_long() {
        for operator in [" OR ", " AND ", " + ", " || ", " = ", " UNION ALL SELECT ", " EXCEPT SELECT "] {
            let levels = depth(&chain("a", operator, 700)).levels;
            assert!((700..710).contains(&levels), "{operator}: {levels}");
        }
        let levels = depth(&format!("SELECT 1 FROM {}", vec!["t"; 700].join(" CROSS JOIN "))).levels;
        assert!((700..710).contains(&levels), "{levels}");
        assert_eq!(depth(&format!("SELECT {}1", "NOT ".repeat(100))).nested, 100);
        assert!(depth(&format!("{}SELECT 1", "EXPLAIN ".repeat(700))).levels > 699);
    }

    #[test]
    fn operands_are_not_levels_of_their_chain() {
        // Three operators in each of 700 terms
        assert!(depth(&chain("a = 1 AND b < c + 1", " OR ", 700)).levels < 710);
        assert!(depth(&chain("a + 1", ", ", 100_000)).levels < 10);
        assert!(depth(&format!("SELECT 1 IN ({})", vec!["1 + 1"; 100_000].join(", "))).levels < 10);
        assert!(depth(&format!("INSERT INTO t VALUES {}", vec!["(-1, 'a', NULL)"; 10_000].join(", "))).levels < 10);
        let whens = "WHEN a = 1 THEN b + 1 ".repeat(5_000);
        assert!(depth(&format!("SELECT CASE {whens} ELSE 0 END")).levels < 10);
        assert!(depth(&chain("(a OR b OR c)", " AND ", 700)).levels < 710);
    }

    #[test]
    fn brackets_and_cases_nest() {
        let brackets = format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300));
        assert_eq!(depth(&brackets), Depth { levels: 301, nested: 300 });
        let cases = format!("SELECT {}1{}", "CASE WHEN a THEN ".repeat(300), " ELSE 0 END".repeat(300));
        assert_eq!(depth(&cases).nested, 300);
        // What is open is counted, and what closes nothing is nothing.
        assert_eq!(depth(&"(".repeat(300)).levels, 301);
        assert_eq!(depth(&format!("{}1", ")".repeat(300))).levels, 1);
        assert_eq!(depth("SELECT (CASE WHEN a THEN 1) + (2)").nested, 2);
    }

    #[test]
    fn plans_are_looked_at_once_and_refused_by_their_levels() {
        let one = LogicalPlanBuilder::empty(true).project([lit(1)]).unwrap().build().unwrap();
        let schema = Arc::clone(one.schema());
        // Twice the plan before it: 2^60 ways lead to the first.
        let twice = |levels: usize| {
            let union = |plan, _| {
                let plan = Arc::new(plan);
                let inputs = vec![Arc::clone(&plan), plan];
                LogicalPlan::Union(Union { inputs, schema: Arc::clone(&schema) })
            };
            (0..levels).fold(one.clone(), union)
        };
        // 2^60 ways are too many, and are found to be so by a look at each plan.
        let error = check_plan(&twice(60)).unwrap_err().to_string();
        assert!(error.starts_with("the statement is too large (") && error.contains("at most 100000"), "{error}");
        assert_eq!(check_plan(&twice(10)), Ok(()));
        let error = std::thread::Builder::new().stack_size(64 << 20).spawn({
            let deep = twice(MOST_OF_PLAN);
            move || check_plan(&deep).unwrap_err().to_string()
        });
        let error = error.unwrap().join().unwrap();
        assert!(
            error.starts_with("the statement is nested too deeply (4002 levels in its plan; at most 4000)"),
            "{error}"
        );
    }

    #[test]
    fn too_many_levels_are_refused_with_their_number() {
        assert!(check(depth(&chain("a", " OR ", MOST - 10))).is_ok());
        let error = check(depth(&chain("a", " OR ", 3_000))).unwrap_err().to_string();
        assert!(error.starts_with("the statement is nested too deeply (3000 levels; at most 2000): "), "{error}");
    }
}
