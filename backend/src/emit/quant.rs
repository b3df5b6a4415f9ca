//! Quantization parameters.

use flatbuffers::{UnionWIPOffset, WIPOffset};

use super::Writer;
use crate::blockwise::Extent;
use crate::schema::tflite as fb;
use crate::types::{Blocks, FileQuant};

impl<'f> Writer<'f> {
    /// Parameters of a tensor; equal ones are written once.
    pub(super) fn quant(&mut self, quant: &FileQuant) -> WIPOffset<fb::QuantizationParameters<'f>> {
        if let Some(shared) = self.quants.get(quant) {
            return *shared;
        }
        let args = match quant {
            FileQuant::Scales(quant) => {
                let scales: Vec<f32> = quant.scale_bits.iter().map(|b| f32::from_bits(*b)).collect();
                fb::QuantizationParametersArgs {
                    scale: Some(self.fbb.create_vector(&scales)),
                    zero_point: Some(self.fbb.create_vector(&quant.zero_points)),
                    quantized_dimension: quant.dimension,
                    ..Default::default()
                }
            }
            FileQuant::Blocks(blocks) => {
                let (details_type, details) = self.details(blocks);
                fb::QuantizationParametersArgs { details_type, details: Some(details), ..Default::default() }
            }
        };
        let written = fb::QuantizationParameters::create(&mut self.fbb, &args);
        self.quants.insert(quant.clone(), written);
        written
    }

    /// Where the scales of blocks are.
    fn details(&mut self, blocks: &Blocks) -> (fb::QuantizationDetails, WIPOffset<UnionWIPOffset>) {
        let Blocks { scales, zero_points, .. } = *blocks;
        let (block_size, sizes) = match &blocks.extent {
            Extent::Size(size) => (*size, None),
            Extent::Shape(sizes) => (0, Some(self.ints(sizes))),
            Extent::Axes(axes) => {
                let quantized_dimensions = Some(self.ints(axes));
                let args = fb::MultiAxisQuantizationArgs { scales, zero_points, block_size: 0, quantized_dimensions };
                let details = fb::MultiAxisQuantization::create(&mut self.fbb, &args);
                return (fb::QuantizationDetails::MultiAxisQuantization, details.as_union_value());
            }
        };
        let args = fb::BlockwiseQuantizationArgs { scales, zero_points, block_size, block_shape: sizes };
        let details = fb::BlockwiseQuantization::create(&mut self.fbb, &args);
        (fb::QuantizationDetails::BlockwiseQuantization, details.as_union_value())
    }
}
