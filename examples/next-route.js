// A route of Next.js that speaks OpenAI's images API: app/api/tessera/[...path]/route.js. The model is loaded by the first caller.
import { createHandler } from '@tessera/server';
import { loadModel, modelFolder } from 'tessera';

const handler = createHandler({
  basePath: '/api/tessera',
  models: { 'tessera-tiny': { load: () => loadModel(modelFolder) } },
});

export { handler as GET, handler as POST };
