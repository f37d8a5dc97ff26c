// SPDX-License-Identifier: Apache-2.0
// The tiles of a picture: a Leaflet layer that loads those in view, with as many pixels as the screen has.

export const TILE = 256;

const { L } = window;

export const Squares = L.GridLayer.extend({
  // `source` loads PNG files by their addresses, which `addressOf` returns for zoom, column and row.
  // `zoom` is the deepest one; a dense screen gets the tiles of one zoom below that of the map, in half
  // the size.
  initialize(source, addressOf, { zoom, isDense, ...options }) {
    const deeper = isDense && zoom > 0 ? 1 : 0;
    L.setOptions(this, { ...options, tileSize: TILE / 2 ** deeper, maxNativeZoom: zoom - deeper, noWrap: true });
    Object.assign(this, { source, addressOf, deeper });
    this.on("tileunload", ({ tile }) => tile.controller.abort());
  },

  createTile({ z, x, y }, done) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = TILE;
    canvas.controller = new AbortController();
    canvas.dataset.address = this.addressOf({ z: z + this.deeper, x, y });
    draw(canvas, this.source).then(
      () => done(null, canvas),
      (error) => done(error, canvas),
    );
    return canvas;
  },
});

// The last tiles of a row and of a column are smaller: what is left of the canvas is transparent.
async function draw(canvas, source) {
  const { address } = canvas.dataset;
  const png = source.kept(address) ?? (await source.load(address, canvas.controller.signal));
  const image = await createImageBitmap(new Blob([png], { type: "image/png" }));
  canvas.getContext("2d").drawImage(image, 0, 0);
  image.close();
}
