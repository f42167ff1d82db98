import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK } from './open-page.js';

describePlayground('Edit', (playground) => {
  it('renews what is painted and keeps all else to the byte', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    const surface = page.getByRole('application');
    await surface.waitFor();
    const before = await pixelsOf(page, 0);
    const { x, y, width } = (await surface.boundingBox())!;
    await page.mouse.move(x + width * 0.2, y + width * 0.2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.6, y + width * 0.2, { steps: 5 });
    await page.mouse.up();
    await surface.focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByLabel('Seed', { exact: true }).fill('8');
    await page.getByRole('button', { name: 'Renew what is painted' }).click();
    await page.getByText(/All [\d,]+ kept pixels are byte for byte the same/).waitFor();
    const after = await pixelsOf(page, 1);
    const changed = [...Array(64 * 64).keys()].filter((p) => before[p * 4] !== after[p * 4]);
    const rows = new Set(changed.map((pixel) => Math.floor(pixel / 64 / 4)));
    expect(changed.length).toBeGreaterThan(100);
    for (const row of rows) expect([1, 2, 3, 4, 11, 12, 13]).toContain(row);
    await context.close();
  });

  it('paints with the first finger alone', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    const surface = page.getByRole('application');
    const { x, y, width } = (await surface.boundingBox())!;
    await page.mouse.move(x + width * 0.2, y + width * 0.2);
    await page.mouse.down();
    const second = {
      pointerId: 7,
      pointerType: 'touch',
      isPrimary: false,
      button: 0,
      clientX: x,
      clientY: y + width,
    };
    for (const type of ['pointerdown', 'pointermove', 'pointerup']) await surface.dispatchEvent(type, second);
    await page.mouse.move(x + width * 0.6, y + width * 0.2, { steps: 5 });
    await page.mouse.up();
    await page.getByText('27 of 256 tokens will be drawn anew').waitFor();
    await context.close();
  });

  it.each([
    ['dropped anywhere', 'footer', 'DragEvent', 'drop', 'dataTransfer'],
    ['pasted', 'body', 'ClipboardEvent', 'paste', 'clipboardData'],
  ])('takes a picture that is %s', async (_, place, eventClass, type, property) => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#edit`);
    await page.getByText('Drop a picture here').waitFor();
    await page.locator(place).evaluate(
      async (element, { eventClass, type, property }) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 90, height: 70 });
        const context = canvas.getContext('2d')!;
        context.fillStyle = 'rgb(200, 30, 40)';
        context.fillRect(0, 0, 90, 70);
        const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob!], 'red.png', { type: 'image/png' }));
        const event = Reflect.construct(Reflect.get(window, eventClass), [
          type,
          { bubbles: true, cancelable: true, [property]: transfer },
        ]);
        element.dispatchEvent(event as Event);
      },
      { eventClass, type, property },
    );
    await page.getByRole('application').waitFor();
    expect((await pixelsOf(page, 0)).slice(0, 4)).toEqual([200, 30, 40, 255]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('takes a picture that is opened, and says what else it takes where it can’t', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#edit`);
    await page.getByText('Drop a picture here').waitFor();
    await page.getByLabel('Picture file').setInputFiles({
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('not a picture'),
    });
    expect(await page.getByRole('alert').textContent()).toMatch(/no picture .*Take a PNG, JPEG or WebP/s);
    const { page: maker } = await playground.open();
    const png = await maker.screenshot({ clip: { x: 0, y: 0, width: 200, height: 150 } });
    await page
      .getByLabel('Picture file')
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png });
    const surface = page.getByRole('application');
    await surface.focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Renew what is painted' }).click();
    await page.getByText(/All [\d,]+ kept pixels are byte for byte the same/).waitFor();
    await context.close();
    await maker.context().close();
  });
});
