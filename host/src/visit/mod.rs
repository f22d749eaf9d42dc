//! tmp
/// tmp
#[derive(Clone, serde::Serialize, serde::Deserialize)] pub struct ChargeKey(String);
