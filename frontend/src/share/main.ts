/** Entry point of the share page, loaded by a guest's browser. */

import { spokenLanguage } from "../localize/index";
import { ShareApi } from "./api";
import { CameraView } from "./camera-view";
import { HistoryStrip } from "./history-strip";
import { ShareLive } from "./live";
import { NoticeView } from "./notice-view";
import { PinView } from "./pin-view";
import { PlayerView } from "./player-view";
import { RewindBar } from "./rewind-bar";
import { ShareScreen } from "./screen";
import { SharePage } from "./share-page";
import "./share.css";
import { SnapshotViewer } from "./snapshot-viewer";
import { LANGUAGE } from "./words";

const ELEMENTS = {
  "retrocam-share-screen": ShareScreen,
  "retrocam-share-live": ShareLive,
  "retrocam-share-notice": NoticeView,
  "retrocam-share-pin": PinView,
  "retrocam-share-viewer": SnapshotViewer,
  "retrocam-share-history": HistoryStrip,
  "retrocam-share-rewind": RewindBar,
  "retrocam-share-camera": CameraView,
  "retrocam-share-player": PlayerView,
  "retrocam-share": SharePage,
};
for (const [tag, element] of Object.entries(ELEMENTS)) customElements.define(tag, element);

document.documentElement.lang = spokenLanguage(LANGUAGE);
const page = document.createElement("retrocam-share") as SharePage;
const { base = "", token = "" } = document.body.dataset;
page.api = new ShareApi(base, undefined, token);
document.body.append(page);
