//! Answers conversations with a language model behind the usual HTTP API: `POST
//! …/chat/completions`.

#![forbid(unsafe_code)]

use std::time::Duration;

use plugin_sdk::http::Request;
use plugin_sdk::prelude::*;

/// The time limit for an answer of the model.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Answers conversations with a language model on a server.
#[plugin(type = "llm_backend", permissions(http = "asks the model's server"))]
pub struct MyPlugin {
    config: Config,
}

/// The server and the model.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address of the API, without `/chat/completions`.
    pub endpoint: String,
    /// The API key, if the server needs one.
    pub api_key: Option<String>,
    /// The model for calls that name none.
    pub model: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            endpoint: "http://localhost:11434/v1".to_owned(),
            api_key: None,
            model: "llama3".to_owned(),
        }
    }
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The instructions for the model.
    System,
    /// The user.
    User,
    /// The model itself.
    Assistant,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Message {
    /// The author of the message.
    pub role: Role,
    /// The text of the message.
    pub content: String,
}

/// The next turn of a conversation.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Reply {
    /// The model's answer.
    pub content: String,
    /// The model that answered.
    pub model: String,
}

#[plugin]
impl MyPlugin {
    /// Reads the configuration; `{}` means a server on this computer.
    #[init]
    pub fn new(config: Config) -> Self {
        MyPlugin { config }
    }

    /// Answers a conversation.
    #[command(errors(
        nothing_said = "the conversation has no messages",
        server_refused = "the server of the model answered with an error",
        no_answer = "the model returned no answer",
    ))]
    pub fn chat(
        &self,
        messages: Vec<Message>,
        model: Option<String>,
        #[arg(default = 0.7)] temperature: f64,
    ) -> Result<Reply> {
        if messages.is_empty() {
            return Err(Error::new("nothing_said", "the conversation has no messages"));
        }
        let question = Question {
            model: model.as_deref().unwrap_or(&self.config.model),
            messages: &messages,
            temperature,
        };
        let mut request = Request::post(&format!("{}/chat/completions", self.config.endpoint)).timeout(TIMEOUT);
        if let Some(key) = &self.config.api_key {
            request = request.header("authorization", &format!("Bearer {key}"));
        }
        let response = request.json(&question)?.send()?;
        if response.status() != 200 {
            let message = format!("the model's server answered with the status {}", response.status());
            return Err(Error::new("server_refused", message));
        }
        let answer: Answer = response.json()?;
        match answer.choices.into_iter().next() {
            Some(choice) => Ok(Reply {
                content: choice.message.content,
                model: answer.model,
            }),
            None => Err(Error::new("no_answer", "the model returned no answer")),
        }
    }

    /// Returns the model for calls that name none.
    #[command]
    pub fn default_model(&self) -> &str {
        &self.config.model
    }
}

/// The request to the server.
#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: &'a [Message],
    temperature: f64,
}

/// The parts of the answer that matter here.
#[derive(Deserialize)]
struct Answer {
    model: String,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_conversation_is_refused() {
        let plugin = MyPlugin::new(Config::default());
        let refusal = plugin.chat(Vec::new(), None, 0.7).unwrap_err();
        assert_eq!(refusal.code(), "nothing_said");
    }
}
