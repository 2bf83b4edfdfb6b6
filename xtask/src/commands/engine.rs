//! Which engine evaluates policies, as an option of commands.

use crate::policy::client::Driver;

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Engine {
    /// The engine for Rego
    Rego,
    /// The engine for CEL, which Gatekeeper prefers
    Cel,
    /// Each of them, and they must agree
    #[default]
    Both,
}

impl From<Engine> for Driver {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Rego => Self::Rego,
            Engine::Cel => Self::Native,
            Engine::Both => Self::Both,
        }
    }
}
