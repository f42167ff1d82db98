import { Picture } from './picture';

export default function Page() {
  return (
    <main>
      <h1>A cat</h1>
      <Picture classLabel={6} seed={7} />
    </main>
  );
}
