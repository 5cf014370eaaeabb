//! What a training needs beside its rows, from the shape of its net: known before anything is taken.

use crate::error::{Error, Result};
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;

/// Copies of all parameters: the weights, the best so far, two moments, the gradients, and those of a part of a minibatch.
const COPIES: u128 = 6;
/// Values that a unit keeps of a frame until the gradients are known: gates, state, output, and their gradients.
const KEPT: u128 = 12;

/// Bytes of the parameters of a net in training, and of what it keeps of a minibatch of so many windows.
pub fn bytes(config: &ModelConfig, windows: usize) -> (u128, u128) {
    let of = |shape: &[usize]| shape.iter().fold(4u128, |bytes, axis| bytes.saturating_mul(*axis as u128));
    let parameters = config.parameters().iter().fold(0u128, |sum, (_, shape)| sum.saturating_add(of(shape)));
    let units = config.units.iter().fold(0u128, |sum, units| sum.saturating_add(*units as u128));
    let of_a_frame = KEPT.saturating_mul(units).saturating_mul(config.directions() as u128);
    let frames = of(&[windows, config.width]);
    (parameters.saturating_mul(COPIES), frames.saturating_mul(of_a_frame.saturating_add(config.features as u128)))
}

/// Refuses a net whose training needs more than `limit` bytes, where there is a limit. A minibatch has no more than `rows` windows.
///
/// # Errors
/// [`Error::Limit`], with both numbers and the options that they follow from.
pub fn check(config: &ModelConfig, options: &TrainingOptions, rows: usize, limit: Option<usize>) -> Result<()> {
    let Some(limit) = limit.map(|limit| limit as u128) else { return Ok(()) };
    let (parameters, minibatch) = bytes(config, options.batch_size.min(rows));
    if parameters > limit {
        return Err(Error::Limit(format!(
            "training a net of {} parameters needs {}, and the limit of memory is {}: take fewer units or dense units (units {:?}, dense {:?}), or raise datafusion.runtime.memory_limit",
            parameters / COPIES / 4,
            gigabytes(parameters),
            gigabytes(limit),
            config.units,
            config.dense
        )));
    }
    if parameters.saturating_add(minibatch) > limit {
        return Err(Error::Limit(format!(
            "training by minibatches of {} windows needs {}, and the limit of memory is {}: take a smaller batch_size, fewer units, or shorter windows (width {}, units {:?}), or raise datafusion.runtime.memory_limit",
            options.batch_size.min(rows),
            gigabytes(parameters.saturating_add(minibatch)),
            gigabytes(limit),
            config.width,
            config.units
        )));
    }
    Ok(())
}

fn gigabytes(bytes: u128) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(units: &[usize], width: usize) -> ModelConfig {
        let dropout = vec![0.0; units.len()];
        let options = TrainingOptions { units: units.to_vec(), dropout, ..TrainingOptions::default() };
        ModelConfig::new(width, 7, 7, &options).unwrap()
    }

    #[test]
    fn bytes_follow_from_the_shapes() {
        // 121,351 parameters of 4 bytes, 6 times; 16 windows of 30 frames, of (12 * 192 + 7) values.
        assert_eq!(bytes(&net(&[128, 64], 30), 16), (121_351 * 24, 4 * 16 * 30 * (12 * 192 + 7)));
    }

    #[test]
    fn what_memory_cannot_hold_is_refused_with_the_numbers() {
        let limit = Some(8 << 30);
        let options = TrainingOptions::default();
        assert_eq!(check(&net(&[512, 256], 30), &options, 1000, limit), Ok(()));
        assert_eq!(check(&net(&[65_536], 30), &options, 1000, None), Ok(()));
        let refused = check(&net(&[65_536], 30), &options, 1000, limit).unwrap_err();
        assert_eq!(refused.exit_code(), 4);
        // 4 * 65,536 * (7 + 65,536 + 1) + (65,536 + 1) * 32 + 33 * 7 parameters.
        assert!(refused.to_string().contains("a net of 17184063751 parameters needs 412.4 GB"), "{refused}");
        let large = TrainingOptions { batch_size: 1 << 20, ..options };
        assert_eq!(check(&net(&[128, 64], 30), &large, 1000, limit), Ok(()), "there are only 1,000 rows");
        let refused = check(&net(&[128, 64], 30), &large, 1 << 20, limit).unwrap_err().to_string();
        assert!(refused.contains("minibatches of 1048576 windows"), "{refused}");
        let widest = check(&net(&[65_536; 64], usize::MAX), &large, usize::MAX, limit);
        assert!(widest.is_err());
    }
}
