use plugin_sdk::HostScalar;

#[derive(Clone, Copy, HostScalar)]
enum WithoutRepr {
    One,
}

#[derive(Clone, Copy, HostScalar)]
#[repr(u8)]
enum WithField {
    One(u8),
}

#[derive(HostScalar)]
struct NoEnum;

fn main() {}
