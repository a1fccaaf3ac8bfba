/** Pictures: screens, cameras, single images, as JPEG frames. */
export { captureVideo, takePicture, type Picture, type VideoOptions, type VideoState } from './video';
export { PictureStream, preparePicture, type PreparedPicture } from './pictures';
export { frameInfo, type FrameInfo } from './frame';
export { JpegSplitter, jpegSize, type FoundJpeg } from './jpeg';
export { listCameras, listScreens, type ListVideoOptions, type VideoDevice } from './lists';
export {
  BOUNDS as PICTURE_BOUNDS,
  parseRectangles,
  type Length,
  type PictureSettings,
  type Rectangle,
} from './settings';
export type { AddressSource, CameraSource, CommandSource, ScreenSource, VideoSource } from './source';
