// Lets a text encoder of @huggingface/transformers read the prompts of a model that was converted without one.
// The encoder is given, so nothing is imported here: npm install @huggingface/transformers, and then
//
//   import { AutoTokenizer, PreTrainedModel } from '@huggingface/transformers';
//
//   const tokenizer = await AutoTokenizer.from_pretrained('owner/name');
//   const model = await PreTrainedModel.from_pretrained('owner/name', { model_file_name: 'encoder_model' });
//   const encoder = transformersText({ tokenizer, model, length: 128, width: 4096 });
//   const lightgen = withTextEncoder(await loadModel('lightgen'), encoder);

/**
 * @typedef {object} Tensor
 * @property {ArrayLike<number | bigint>} data
 *
 * @typedef {{ input_ids: Tensor, attention_mask: Tensor }} Tokens
 */

/**
 * @param {object} options
 * @param {(texts: string[], options: object) => Tokens} options.tokenizer
 * @param {((tokens: Tokens) => Promise<{ last_hidden_state: Tensor }>) & { dispose(): Promise<unknown> }} options.model
 * @param {number} options.length rows of a prompt, as the model that draws was trained with
 * @param {number} options.width numbers in a row
 * @returns {Parameters<typeof import('tessera').withTextEncoder>[1]}
 */
export function transformersText({ tokenizer, model, length, width }) {
  return {
    length,
    width,
    async encode(prompts, { signal } = {}) {
      const encoded = [];
      // One at a time: what a prompt gives then doesn't depend on the others.
      for (const prompt of prompts) {
        if (signal?.aborted) throw signal.reason;
        const tokens = tokenizer([prompt], { padding: 'max_length', truncation: true, max_length: length });
        const { last_hidden_state: rows } = await model(tokens);
        encoded.push({
          features: Float32Array.from(rows.data, Number),
          mask: Uint8Array.from(tokens.attention_mask.data, Number),
        });
      }
      return encoded;
    },
    async dispose() {
      await model.dispose();
    },
  };
}
