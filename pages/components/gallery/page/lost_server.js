// Streamlit covers the page with a dialog when its server is away. The gallery goes on without
// it: changes are painted and kept, and the saved mark says so. So the dialog is closed; once
// closed, Streamlit does not open it again until the server has been back.

const CONNECTION_DIALOG = "Connection error";

export function closeConnectionDialog(onClosed) {
  const look = () => {
    const dialog = document.querySelector('[role="dialog"]');
    if (!dialog?.textContent.trim().startsWith(CONNECTION_DIALOG)) return;
    const close = dialog.querySelector('button[aria-label="Close"]');
    if (!close) return;
    close.click();
    setTimeout(onClosed, 0);
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: false });
  look();
  return () => observer.disconnect();
}
