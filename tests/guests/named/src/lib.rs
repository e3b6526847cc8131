//! Commands with names that other things also have.

mod names;

use plugin_sdk::prelude::*;

/// Has commands of many names.
#[plugin]
#[derive(Default)]
pub struct Named;

macro_rules! commands {
    ($($name:ident)*) => {
        #[plugin]
        #[allow(non_snake_case)]
        impl Named {
            $(
                /// Returns its name.
                #[command]
                pub fn $name(&self) -> &'static str {
                    stringify!($name)
                }
            )*
        }

        /// The names of the commands.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

names!(commands);

/// Code for which the compiler calls functions: a command with the name of one would break it.
#[plugin]
impl Named {
    /// Uses mathematics, memory and large numbers.
    #[command]
    pub fn work(&self, x: f64, n: u32) -> Vec<f64> {
        let bytes: Vec<u8> = (0..n).map(|n| n as u8).collect();
        let copy = bytes.clone();
        let wide = u128::from(n) * 77_777_777_777_777 % (u128::from(n) + 1);
        let small = x as f32;
        vec![
            x.sin() + x.cos() + x.tan() + x.asin() + x.atan2(2.0) + x.sinh() + x.tanh(),
            x.exp() + x.exp2() + x.exp_m1() + x.ln() + x.log2() + x.log10() + x.ln_1p(),
            x.powf(2.5) + x.powi(3) + x.sqrt() + x.cbrt() + x.hypot(3.0) + x.mul_add(2.0, 3.0),
            x.round() + x.round_ties_even() + x.floor() + x.ceil() + x.trunc() + x.fract(),
            x % 1.5 + x.max(1.5) + x.min(1.5) + x.copysign(-1.0) + x.abs(),
            f64::from(small.sin() + small.exp() + small.ln() + small.powf(1.5) + small % 0.3),
            wide as f64 + f64::from(u8::from(bytes == copy)) + copy.len() as f64,
        ]
    }
}
