import type { ReactNode } from 'react';

export const metadata = { title: 'A cat by Tessera' };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body style={{ fontFamily: 'system-ui, sans-serif', textAlign: 'center', margin: '3rem' }}>
        {children}
      </body>
    </html>
  );
}
