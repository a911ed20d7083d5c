/** Reads a QR code from a picture or a camera, really: pixels to a decoder, in this browser. */
import { decodeQR } from './qr/decode.js';

/** A photograph of a screen is read best at one of these widths; a clean picture at any. */
const WIDTHS = [1600, 800, 400];
const PATIENCE_MS = 1500;

/** The text in an image file; undefined when no code is found. Throws when it is no image. */
export async function readImage(file) {
  const picture = await createImageBitmap(file);
  for (const width of WIDTHS) {
    const text = readPixels(picture, picture.width, picture.height, width, {
      effort: 8,
      timeLimit: PATIENCE_MS,
    });
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The text in the camera's present picture, or undefined. */
export function readFrame(video) {
  if (video.videoWidth === 0) return undefined;
  return readPixels(video, video.videoWidth, video.videoHeight, 800, {});
}

function readPixels(source, width, height, mostWidth, options) {
  const scale = Math.min(1, mostWidth / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  // A transparent picture is read as it looks on white.
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height), options);
  } catch {
    return undefined;
  }
}
