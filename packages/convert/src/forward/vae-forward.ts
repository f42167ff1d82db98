import type { VaeConfig } from '../autoencoder/vae-config.js';
import {
  addPlanes,
  conv,
  doubled,
  type Planes,
  pixelShuffled,
  planes,
  siluPlanes,
  type VaeWeights,
} from './planes.js';

// The KL autoencoder as its published code defines it, in float64, with plain loops over one image.

function groupNorm(w: VaeWeights, key: string, x: Planes, { groups, epsilon }: VaeConfig): Planes {
  const size = x.data.length / groups;
  const cells = x.height * x.width;
  const out = x.data.slice();
  for (let group = 0; group < groups; group++) {
    const part = x.data.subarray(group * size, (group + 1) * size);
    const mean = part.reduce((sum, value) => sum + value, 0) / size;
    const variance = part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    for (let i = group * size; i < (group + 1) * size; i++) {
      const channel = Math.floor(i / cells);
      const normed = (x.data[i]! - mean) / Math.sqrt(variance + epsilon);
      out[i] = normed * w[`${key}.weight`]![channel]! + w[`${key}.bias`]![channel]!;
    }
  }
  return { ...x, data: out };
}

function residual(w: VaeWeights, key: string, x: Planes, config: VaeConfig): Planes {
  const first = conv(w, `${key}.conv1`, siluPlanes(groupNorm(w, `${key}.norm1`, x, config)), 3);
  const second = conv(w, `${key}.conv2`, siluPlanes(groupNorm(w, `${key}.norm2`, first, config)), 3);
  return addPlanes(w[`${key}.nin_shortcut.weight`] ? conv(w, `${key}.nin_shortcut`, x, 1) : x, second);
}

function attention(w: VaeWeights, key: string, x: Planes, config: VaeConfig): Planes {
  const normed = groupNorm(w, `${key}.norm`, x, config);
  const [q, k, v] = ['q', 'k', 'v'].map((part) => conv(w, `${key}.${part}`, normed, 1).data);
  const cells = x.height * x.width;
  const mixed = planes(x.channels, x.height, x.width);
  for (let cell = 0; cell < cells; cell++) {
    const shares = Array.from({ length: cells }, (_, other) => {
      let dot = 0;
      for (let c = 0; c < x.channels; c++) dot += q![c * cells + cell]! * k![c * cells + other]!;
      return Math.exp(dot / Math.sqrt(x.channels));
    });
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (let c = 0; c < x.channels; c++) {
      mixed.data[c * cells + cell] = shares.reduce(
        (sum, share, n) => sum + (share / total) * v![c * cells + n]!,
        0,
      );
    }
  }
  return addPlanes(x, conv(w, `${key}.proj_out`, mixed, 1));
}

const middle = (w: VaeWeights, side: string, x: Planes, config: VaeConfig): Planes =>
  residual(
    w,
    `${side}.mid.block_2`,
    attention(w, `${side}.mid.attn_1`, residual(w, `${side}.mid.block_1`, x, config), config),
    config,
  );

/** An image → [2·latent channels, h, w]: mean, log variance. */
export function forwardEncode(w: VaeWeights, config: VaeConfig, image: Planes): Planes {
  const { widths, blocks, pixelShuffle: p, encoderAttention } = config;
  const gathered = planes(3 * p * p, image.height / p, image.width / p);
  gathered.data.forEach((_, i) => {
    const column = i % gathered.width;
    const row = Math.floor(i / gathered.width) % gathered.height;
    const channel = Math.floor(i / (gathered.width * gathered.height));
    const y = row * p + (Math.floor(channel / p) % p);
    gathered.data[i] =
      image.data[
        (Math.floor(channel / (p * p)) * image.height + y) * image.width + column * p + (channel % p)
      ]!;
  });
  let x = conv(w, 'encoder.conv_in', gathered, 3);
  for (let level = 0; level < widths.length; level++) {
    for (let block = 0; block < blocks; block++) {
      x = residual(w, `encoder.down.${level}.block.${block}`, x, config);
      if (encoderAttention[level]) x = attention(w, `encoder.down.${level}.attn.${block}`, x, config);
    }
    if (level + 1 < widths.length)
      x = conv(w, `encoder.down.${level}.downsample.conv`, x, 3, { stride: 2, before: 0 });
  }
  x = siluPlanes(groupNorm(w, 'encoder.norm_out', middle(w, 'encoder', x, config), config));
  const moments = conv(w, 'encoder.conv_out', x, 3);
  return config.hasQuant ? conv(w, 'quant_conv', moments, 1) : moments;
}

/** Latents → an image. */
export function forwardDecode(w: VaeWeights, config: VaeConfig, latents: Planes): Planes {
  const { widths, blocks, pixelShuffle: p, decoderAttention } = config;
  let x = config.hasQuant ? conv(w, 'post_quant_conv', latents, 1) : latents;
  x = conv(w, 'decoder.conv_in', x, 3);
  x = middle(w, 'decoder', x, config);
  for (let level = widths.length - 1; level >= 0; level--) {
    for (let block = 0; block <= blocks; block++) {
      x = residual(w, `decoder.up.${level}.block.${block}`, x, config);
      if (decoderAttention[level]) x = attention(w, `decoder.up.${level}.attn.${block}`, x, config);
    }
    if (level > 0) {
      x = conv(w, `decoder.up.${level}.upsample.conv`, doubled(x), 3);
    }
  }
  x = conv(w, 'decoder.conv_out', siluPlanes(groupNorm(w, 'decoder.norm_out', x, config)), 3);
  return pixelShuffled(x, p);
}
