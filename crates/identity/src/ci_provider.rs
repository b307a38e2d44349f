//! CI systems that the configuration describes: `ci-issuer-metadata`, a template for each of the certificate's fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::TokenError;
use crate::template::{Template, Values};

/// A CI system's templates, checked.
#[derive(Debug, Clone)]
pub(crate) struct CiProvider {
    defaults: BTreeMap<String, String>,
    name: Template,
    /// With their extension's number.
    extensions: Vec<(u8, Template)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawCiProvider {
    #[serde(default, alias = "DefaultTemplateValues")]
    default_template_values: BTreeMap<String, String>,
    #[serde(default, alias = "ExtensionTemplates")]
    extension_templates: BTreeMap<String, String>,
    #[serde(default, alias = "SubjectAlternativeNameTemplate")]
    subject_alternative_name_template: String,
}

impl CiProvider {
    /// Checks the templates.
    ///
    /// # Errors
    /// With the template, and what is wrong with it.
    pub(crate) fn checked(raw: RawCiProvider) -> Result<Self, String> {
        let name = raw.subject_alternative_name_template;
        if name.trim().is_empty() {
            return Err("subject-alternative-name-template is missing".to_owned());
        }
        let wrong = |key: &str, why: String| format!("{key}: {why}");
        let mut extensions = Vec::new();
        for (key, template) in raw.extension_templates {
            let number = number(&key).ok_or_else(|| wrong(&key, "no such extension".to_owned()))?;
            // The issuer and the subject are always the token's own.
            if !template.trim().is_empty() && !TOKENS_OWN.contains(&number) {
                extensions.push((number, Template::parse(&template).map_err(|why| wrong(&key, why))?));
            }
        }
        let name = Template::parse(&name).map_err(|why| wrong("subject-alternative-name-template", why))?;
        Ok(Self { defaults: raw.default_template_values, name, extensions })
    }

    /// What the name is, before it is a URI.
    pub(crate) fn name(&self, claims: &Map<String, Value>) -> Result<String, TokenError> {
        self.name.fill_name(Values { claims, defaults: &self.defaults })
    }

    /// The extensions of this provider's own.
    pub(crate) fn extensions(&self, claims: &Map<String, Value>) -> Result<Vec<(u8, String)>, TokenError> {
        let values = Values { claims, defaults: &self.defaults };
        self.extensions.iter().map(|(number, template)| Ok((*number, template.fill(values)?))).collect()
    }
}

/// YAML spells `build-signer-uri` what JSON spells `BuildSignerURI`.
fn number(key: &str) -> Option<u8> {
    let plain = key.replace('-', "").to_ascii_lowercase();
    EXTENSIONS.iter().find(|(name, _)| *name == plain).map(|(_, number)| *number)
}

const TOKENS_OWN: [u8; 3] = [1, 8, 24];

/// Names without hyphens, and their numbers under 1.3.6.1.4.1.57264.1 (Fulcio's OID registry).
const EXTENSIONS: [(&str, u8); 22] = [
    ("issuer", 8),
    ("subject", 24),
    ("githubworkflowtrigger", 2),
    ("githubworkflowsha", 3),
    ("githubworkflowname", 4),
    ("githubworkflowrepository", 5),
    ("githubworkflowref", 6),
    ("buildsigneruri", 9),
    ("buildsignerdigest", 10),
    ("runnerenvironment", 11),
    ("sourcerepositoryuri", 12),
    ("sourcerepositorydigest", 13),
    ("sourcerepositoryref", 14),
    ("sourcerepositoryidentifier", 15),
    ("sourcerepositoryowneruri", 16),
    ("sourcerepositoryowneridentifier", 17),
    ("buildconfiguri", 18),
    ("buildconfigdigest", 19),
    ("buildtrigger", 20),
    ("runinvocationuri", 21),
    ("sourcerepositoryvisibilityatsigning", 22),
    ("deploymentenvironment", 23),
];
