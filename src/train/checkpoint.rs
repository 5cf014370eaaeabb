//! Weights as safetensors that PyTorch reads with `nn.LSTM(batch_first=True)` and `nn.Linear`.
//!
//! Our LSTM layers (not the GRU layers) have one bias, as in Keras; PyTorch's have two, which it adds. We write ours as `bias_ih_l0` and
//! zeros as `bias_hh_l0`, and add the two when reading.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::error::{Error, Result};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;

/// The bytes of a safetensors file; equal tensors give equal bytes.
pub fn encode(tensors: &[NamedTensor]) -> Result<Vec<u8>> {
    let mut blobs: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for tensor in tensors {
        let bytes = tensor.data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        if let Some(name) = second_bias(&tensor.name) {
            blobs.insert(name, (tensor.shape.clone(), vec![0; bytes.len()]));
        }
        blobs.insert(tensor.name.clone(), (tensor.shape.clone(), bytes));
    }
    let views = blobs.iter().map(|(name, (shape, bytes))| {
        TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view)).map_err(damaged)
    });
    safetensors::serialize(views.collect::<Result<Vec<_>>>()?, None).map_err(damaged)
}

/// The parameters of `config` in a safetensors file, in their order.
pub fn decode(bytes: &[u8], config: &ModelConfig) -> Result<Vec<NamedTensor>> {
    decode_prefixed(bytes, config, "")
}

/// The same of a file in which names begin with `prefix`.
pub fn decode_prefixed(bytes: &[u8], config: &ModelConfig, prefix: &str) -> Result<Vec<NamedTensor>> {
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let parameters = config.parameters().into_iter();
    parameters
        .map(|(name, shape)| {
            let mut data = read(&file, &format!("{prefix}{name}"), &shape)?;
            let second = second_bias(&name).map(|second| format!("{prefix}{second}"));
            if let Some(second) = second.filter(|second| file.tensor(second).is_ok()) {
                data.iter_mut().zip(read(&file, &second, &shape)?).for_each(|(b, other)| *b += other);
            }
            Ok(NamedTensor { name, shape, data })
        })
        .collect()
}

/// `lstm1.bias_hh_l0` for `lstm1.bias_ih_l0`.
fn second_bias(name: &str) -> Option<String> {
    (name.contains("lstm") && name.contains(".bias_ih_l0")).then(|| name.replace(".bias_ih_", ".bias_hh_"))
}

fn read(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let view = file.tensor(name).map_err(|_| Error::Model(format!("the weights have no tensor {name}")))?;
    if view.shape() != shape || view.dtype() != Dtype::F32 {
        let (dtype, had) = (view.dtype(), view.shape());
        return Err(Error::Model(format!("tensor {name} is {dtype:?} {had:?} where F32 {shape:?} is expected")));
    }
    let (numbers, _) = view.data().as_chunks::<4>();
    Ok(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

fn damaged(error: safetensors::SafeTensorError) -> Error {
    Error::Model(format!("the weights are not a readable safetensors file: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::init::initial;
    use crate::options::training::TrainingOptions;

    fn net() -> (ModelConfig, Vec<NamedTensor>) {
        let config = ModelConfig::new(5, 3, 2, &TrainingOptions::preset("tiny").unwrap()).unwrap();
        let tensors = initial(&config, 1);
        (config, tensors)
    }

    #[test]
    fn weights_survive_the_file_and_equal_weights_give_equal_bytes() {
        let (config, tensors) = net();
        let bytes = encode(&tensors).unwrap();
        assert_eq!(decode(&bytes, &config).unwrap(), tensors);
        let reversed: Vec<_> = tensors.iter().rev().cloned().collect();
        assert_eq!(encode(&reversed).unwrap(), bytes);
    }

    #[test]
    fn pytorchs_two_biases_are_added() {
        let (config, tensors) = net();
        let mut foreign = tensors.clone();
        let bias = foreign[2].clone();
        foreign[2].data.fill(0.25);
        // Under another ending no zeros are written beside it.
        foreign.push(NamedTensor { name: "lstm1.bias_hh_l0".into(), ..bias.clone() });
        let read = decode(&encode(&foreign).unwrap(), &config).unwrap();
        assert!(read[2].data.iter().zip(&bias.data).all(|(sum, b)| *sum == b + 0.25));
    }

    #[test]
    fn weights_of_another_net_are_refused_by_name() {
        let (config, tensors) = net();
        let bytes = encode(&tensors).unwrap();
        let wider = ModelConfig { features: 4, ..config.clone() };
        let message = decode(&bytes, &wider).unwrap_err().to_string();
        assert_eq!(message, "tensor lstm1.weight_ih_l0 is F32 [128, 3] where F32 [128, 4] is expected");
        let deeper = ModelConfig { dense: vec![8, 8], ..config.clone() };
        assert!(decode(&bytes, &deeper).unwrap_err().to_string().contains("no tensor dense2.weight"));
        assert!(matches!(decode(&bytes[..40], &config), Err(Error::Model(_))));
    }
}
