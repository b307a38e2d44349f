//! A decision in words, for `sigstead ca policy test`: what each rule said, in the order of asking.

use std::fmt;

use super::Decision;

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, why) in &self.passed_over {
            writeln!(f, "rule {:?} does not match: {why}", rule.name)?;
        }
        match self.decider {
            Some(rule) => writeln!(f, "rule {:?} decides", rule.name)?,
            None => writeln!(f, "no rule matches: the default decides")?,
        }
        for rule in self.not_asked {
            writeln!(f, "rule {:?} is not asked any more", rule.name)?;
        }
        match &self.outcome {
            Ok(None) => write!(f, "allowed"),
            Ok(Some(lifetime)) => write!(f, "allowed for at most {} s", lifetime.as_secs()),
            Err(denial) => write!(f, "denied: {}\nthe client is told: {}", denial.reason, denial.message),
        }
    }
}
