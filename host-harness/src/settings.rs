//! Settings of builders.

/// Defines the settings that a builder merely stores: each is a method that stores its argument and
/// returns the builder.
macro_rules! settings {
    (
        $builder:ty:
        $(
            $(#[$attribute:meta])*
            $name:ident($self:ident $(, $value:ident: $type:ty)*) { $store:expr }
        )*
    ) => {
        impl $builder {
            $(
                $(#[$attribute])*
                #[allow(unused_mut, reason = "some builders share their state with their clones")]
                pub fn $name(mut $self $(, $value: $type)*) -> Self {
                    $store;
                    $self
                }
            )*
        }
    };
}
