/** The little of the editor's global object that the dialogs use; its own types do not know plugins and notifications well. */
declare const RED: {
  settings: { context: { stores: string[] } };
  tabs: {
    create(options: { id: string; onchange(tab: { id: string }): void }): {
      addTab(tab: { id: string; label: string }): void;
    };
  };
  notify(message: string, type: 'success' | 'warning' | 'error' | 'compact'): void;
};

interface Window {
  geminiLive?: import('./index').GeminiLiveEditor;
}
