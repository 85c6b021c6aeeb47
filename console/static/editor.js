// The YAML editor: the server's checker speaks at the line while one writes.
const form = document.querySelector("[data-editor]");
const area = form.querySelector("textarea");
const list = form.querySelector("[data-mistakes]");

async function check(text) {
  const body = new URLSearchParams({ path: form.elements.path.value, text });
  const answer = await fetch(form.dataset.check, { method: "POST", body });
  return answer.ok ? answer.json() : [];
}

function show(found) {
  list.replaceChildren(...found.map((one) => {
    const item = document.createElement("li");
    const line = document.createElement("strong");
    item.className = one.level === "错误" ? "bad" : "quiet";
    line.textContent = one.line;
    item.append(line, ` ${one.text} `, one.cure);
    return item;
  }));
  if (found.length) return;
  const item = document.createElement("li");
  item.textContent = list.dataset.good;
  list.append(item);
}

// The words that fit at the cursor; the server knows them from the schema and the folder's names.
async function words(cm) {
  const at = cm.getCursor();
  const body = new URLSearchParams({
    path: form.elements.path.value, text: cm.getValue(), line: at.line, column: at.ch,
  });
  const answer = await fetch(form.dataset.words, { method: "POST", body });
  if (!answer.ok) return { list: [], from: at, to: at };
  const { typed, offers } = await answer.json();
  const found = {
    list: offers.map((one) => ({
      text: one.text,
      render: (item) => {
        const says = document.createElement("span");
        says.textContent = one.says;
        item.append(one.text, says);
      },
    })),
    from: CodeMirror.Pos(at.line, at.ch - typed.length),
    to: at,
  };
  CodeMirror.on(found, "pick", (picked) => { if (picked.text.endsWith(": ")) offer(cm); });
  return found;
}

function offer(cm) {
  cm.showHint({ hint: words, completeSingle: false });
}

const editor = CodeMirror.fromTextArea(area, {
  mode: "yaml",
  lineNumbers: true,
  lineWrapping: true,
  tabSize: 2,
  gutters: ["CodeMirror-lint-markers"],
  extraKeys: { Tab: (cm) => cm.execCommand("insertSoftTab"), "Ctrl-Space": offer },
  lint: {
    delay: 400,
    async: true,
    getAnnotations: async (text, update) => {
      const found = await check(text);
      show(found);
      update(found.map((one) => ({
        from: CodeMirror.Pos(Math.max(one.line - 1, 0), Math.max(one.column - 1, 0)),
        to: CodeMirror.Pos(Math.max(one.line - 1, 0), Math.max(one.endColumn - 1, 1)),
        message: one.cure ? `${one.text}\n${one.cure}` : one.text,
        severity: one.level === "错误" ? "error" : "warning",
      })));
    },
  },
});
editor.on("inputRead", (cm, change) => {
  if (!cm.state.completionActive && /[\p{L}\p{N}]$/u.test(change.text[0])) offer(cm);
});
editor.getInputField().setAttribute("aria-label", area.getAttribute("aria-label"));
