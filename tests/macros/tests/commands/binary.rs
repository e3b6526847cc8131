//! Commands with the binary codec.

use plugin_sdk::binary;
use plugin_sdk::prelude::*;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Stats {
    mean: f64,
    most: Option<f64>,
}

#[derive(Deserialize, Schema)]
struct Span<'a> {
    label: &'a str,
    from: u32,
    to: u32,
}

#[plugin]
#[derive(Default)]
struct Numbers;

#[plugin]
impl Numbers {
    #[command(codec = "binary")]
    fn stats(&self, numbers: &[f64], weights: Option<Vec<f64>>) -> Result<Stats> {
        if numbers.is_empty() {
            return Err(Error::new("empty", "there are no numbers"));
        }
        let total: f64 = numbers.iter().sum();
        let divisor = weights.map_or(numbers.len() as f64, |weights| weights.iter().sum());
        Ok(Stats {
            mean: total / divisor,
            most: numbers.iter().copied().reduce(f64::max),
        })
    }

    #[command(codec = "binary")]
    fn label<'a>(&self, #[arg(flatten)] span: Span<'a>) -> (&'a str, u32) {
        (span.label, span.to - span.from)
    }

    #[command(codec = "binary")]
    fn scale(numbers: &mut [f32], by: f32) -> &mut [f32] {
        for number in &mut *numbers {
            *number *= by;
        }
        numbers
    }

    #[command(codec = "json")]
    fn text(&self, text: &str) -> usize {
        text.len()
    }
}

fn call<A: Serialize, R: for<'de> Deserialize<'de>>(
    handler: Handler<Numbers>,
    arguments: &A,
) -> Result<R> {
    let mut bytes = Vec::new();
    binary::write(arguments, &mut bytes).unwrap();
    let output = written(&mut Numbers, handler, &mut bytes)?;
    Ok(binary::read(&output).unwrap())
}

#[test]
fn binary_arguments_are_concatenated() {
    let stats = Numbers::__plugin_sdk_command_stats;
    let expected = Stats {
        mean: 2.0,
        most: Some(3.0),
    };
    assert_eq!(
        call::<_, Stats>(stats, &([1.0, 3.0].as_slice(), None::<Vec<f64>>)).unwrap(),
        expected
    );
    let expected = Stats {
        mean: 1.0,
        most: Some(3.0),
    };
    assert_eq!(
        call::<_, Stats>(stats, &([1.0, 3.0].as_slice(), Some(vec![4.0]))).unwrap(),
        expected
    );
    let (label, len): (String, u32) =
        call(Numbers::__plugin_sdk_command_label, &("here", 3u32, 10u32)).unwrap();
    assert_eq!((&*label, len), ("here", 7));
    let scaled: Vec<f32> = call(
        Numbers::__plugin_sdk_command_scale,
        &([1f32, 2.0].as_slice(), 0.5f32),
    )
    .unwrap();
    assert_eq!(scaled, [0.5, 1.0]);
}

#[test]
fn errors_are_json_with_every_codec() {
    let error = call::<_, Stats>(
        Numbers::__plugin_sdk_command_stats,
        &([0f64; 0].as_slice(), None::<Vec<f64>>),
    );
    assert_eq!(
        seen(&error.unwrap_err()),
        json!({"code": "empty", "message": "there are no numbers"})
    );
}

#[test]
fn missing_and_surplus_bytes_are_refused() {
    for bytes in [
        &b""[..],
        &[1, 0, 0, 0],
        &[0, 0, 0, 0, 0, 9],
        &[255, 255, 255, 255],
        &[0, 0, 0, 0, 2],
    ] {
        let error = refused(&mut Numbers, Numbers::__plugin_sdk_command_stats, bytes);
        assert_eq!(error["code"], "invalid_argument", "{bytes:?}: {error}");
    }
}

#[test]
fn the_json_codec_can_be_named() {
    assert_eq!(
        super::call(
            &mut Numbers,
            Numbers::__plugin_sdk_command_text,
            r#"{"text": "four"}"#
        )
        .unwrap(),
        4
    );
}
