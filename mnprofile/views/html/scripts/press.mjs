/* What is drawn anew between a press and its release loses the click: what was pressed is
   gone or has moved. A field that is left by a press is drawn after the click. */
let isHeld = false;
let waiting = [];

const release = () => setTimeout(() => {
  isHeld = false;
  const now = waiting;
  waiting = [];
  for (const one of now) one();
});

export const afterPress = (action) => {
  if (isHeld) waiting.push(action);
  else action();
};

/* A touch sends its mouse events after its pointer events. */
export const watchPresses = (target) => {
  for (const name of ["pointerdown", "mousedown"]) target.addEventListener(name, () => { isHeld = true; }, true);
  for (const name of ["pointerup", "pointercancel", "mouseup"]) target.addEventListener(name, release, true);
};
