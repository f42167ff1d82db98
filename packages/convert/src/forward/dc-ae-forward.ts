import type { DcAeConfig, DcAeLayer } from '../dc-ae/dc-ae-config.js';
import {
  addPlanes,
  conv,
  doubled,
  mapPlanes,
  type Planes,
  pixelShuffled,
  planes,
  siluPlanes,
  type VaeWeights,
} from './planes.js';

// DC-AE's decoder as diffusers' AutoencoderDC defines it, in float64, with plain loops over one image.

/** Latents → an image. */
export function forwardDcAeDecode(w: VaeWeights, config: DcAeConfig, latents: Planes): Planes {
  let x = addPlanes(conv(w, 'decoder.conv_in', latents, 3), repeated(latents, config.widths[0]));
  for (const layer of config.layers) {
    if (layer.kind === 'upsample') x = upsample(w, layer, x);
    if (layer.kind === 'residual') x = residual(w, layer.key, x, config);
    if (layer.kind === 'efficient-vit') x = gated(w, layer.key, attention(w, layer.key, x, config), config);
  }
  const normed = channelNorm(w, 'decoder.norm_out', x, config);
  return conv(
    w,
    'decoder.conv_out',
    mapPlanes(normed, (value) => Math.max(0, value)),
    3,
  );
}

function upsample(w: VaeWeights, { key, to }: DcAeLayer, x: Planes): Planes {
  return addPlanes(conv(w, `${key}.conv`, doubled(x), 3), pixelShuffled(repeated(x, 4 * to), 2));
}

function residual(w: VaeWeights, key: string, x: Planes, config: DcAeConfig): Planes {
  const inner = conv(w, `${key}.conv2`, siluPlanes(conv(w, `${key}.conv1`, x, 3)), 3);
  return addPlanes(channelNorm(w, `${key}.norm`, inner, config), x);
}

function attention(w: VaeWeights, key: string, x: Planes, { headSize, scales, epsilon }: DcAeConfig): Planes {
  const own = stacked(['to_q', 'to_k', 'to_v'].map((name) => conv(w, `${key}.attn.${name}`, x, 1)));
  const sets = scales.map((side, index) => {
    const scale = `${key}.attn.to_qkv_multiscale.${index}`;
    const spread = conv(w, `${scale}.proj_in`, own, side, { groups: own.channels });
    return conv(w, `${scale}.proj_out`, spread, 1, { groups: own.channels / headSize });
  });
  const all = stacked([own, ...sets]);
  const cells = x.height * x.width;
  const mixed = planes(all.channels / 3, x.height, x.width);
  for (let head = 0; head < mixed.channels / headSize; head++) {
    const row = (part: number, index: number): Float64Array => {
      const at = ((3 * head + part) * headSize + index) * cells;
      return all.data.subarray(at, at + cells);
    };
    const relu = (value: number): number => Math.max(0, value);
    for (let cell = 0; cell < cells; cell++) {
      // Linear attention, cell by cell: each other cell counts by relu(q)·relu(k).
      const shares = Array.from({ length: cells }, (_, other) => {
        let dot = 0;
        for (let i = 0; i < headSize; i++) dot += relu(row(0, i)[cell]!) * relu(row(1, i)[other]!);
        return dot;
      });
      const total = shares.reduce((sum, share) => sum + share, 0) + 1e-15;
      for (let i = 0; i < headSize; i++) {
        const values = row(2, i);
        mixed.data[(head * headSize + i) * cells + cell] =
          shares.reduce((sum, share, other) => sum + share * values[other]!, 0) / total;
      }
    }
  }
  const out = conv(w, `${key}.attn.to_out`, mixed, 1);
  return addPlanes(channelNorm(w, `${key}.attn.norm_out`, out, { epsilon }), x);
}

function gated(w: VaeWeights, key: string, x: Planes, config: DcAeConfig): Planes {
  const name = `${key}.conv_out`;
  const widened = siluPlanes(conv(w, `${name}.conv_inverted`, x, 1));
  const spread = conv(w, `${name}.conv_depth`, widened, 3, { groups: widened.channels });
  const half = spread.data.length / 2;
  const gate = siluPlanes({ ...spread, channels: spread.channels / 2, data: spread.data.slice(half) });
  const inner = mapPlanes(gate, (value, i) => value * spread.data[i]!);
  return addPlanes(channelNorm(w, `${name}.norm`, conv(w, `${name}.conv_point`, inner, 1), config), x);
}

function channelNorm(
  w: VaeWeights,
  key: string,
  x: Planes,
  { epsilon }: Pick<DcAeConfig, 'epsilon'>,
): Planes {
  const cells = x.height * x.width;
  const roots = Float64Array.from({ length: cells }, (_, cell) => {
    let sum = 0;
    for (let channel = 0; channel < x.channels; channel++) sum += x.data[channel * cells + cell]! ** 2;
    return Math.sqrt(sum / x.channels + epsilon);
  });
  return mapPlanes(x, (value, i) => {
    const channel = Math.floor(i / cells);
    return (value / roots[i % cells]!) * w[`${key}.weight`]![channel]! + w[`${key}.bias`]![channel]!;
  });
}

/** Each channel as often in a row as makes `channels` of them. */
function repeated(x: Planes, channels: number): Planes {
  const cells = x.height * x.width;
  const times = channels / x.channels;
  return mapPlanes(
    planes(channels, x.height, x.width),
    (_, i) => x.data[Math.floor(i / cells / times) * cells + (i % cells)]!,
  );
}

const stacked = (parts: readonly Planes[]): Planes => ({
  ...parts[0]!,
  channels: parts.reduce((sum, { channels }) => sum + channels, 0),
  data: Float64Array.from(parts.flatMap(({ data }) => [...data])),
});
