import '@fontsource-variable/geist-mono';
import '@fontsource-variable/instrument-sans';
import './styles/theme.css';
import './styles/page.css';
import './styles/controls.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { tabStore, visitStore } from './choice-store.js';
import { indexedDbHistory } from './history/history-storage.js';
import { pageModels } from './model-loading/page-models.js';
import { keepOffline } from './offline/keep-offline.js';
import { takeNewVersion } from './offline/new-version.js';
import { Session } from './session.js';
import { sessionContext } from './session-context.js';
import { fromHash } from './settings/settings-link.js';

await takeNewVersion(navigator.serviceWorker, () => location.reload());
const linked = await fromHash(location.hash);
const session = new Session(pageModels, linked, {
  visit: visitStore,
  tab: tabStore,
  history: indexedDbHistory(),
});
mount(App, { target: document.getElementById('app')!, context: sessionContext(session) });
void keepOffline([]);
