/** The share page: this file is what a guest's browser loads. */

import { spokenLanguage } from "../localize/index";
import { ShareApi } from "./api";
import { CameraView } from "./camera-view";
import { HistoryStrip } from "./history-strip";
import { ShareLive } from "./live";
import { NoticeView } from "./notice-view";
import { PinView } from "./pin-view";
import { PlayerView } from "./player-view";
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
  "retrocam-share-camera": CameraView,
  "retrocam-share-player": PlayerView,
  "retrocam-share": SharePage,
};
for (const [tag, element] of Object.entries(ELEMENTS)) customElements.define(tag, element);

document.documentElement.lang = spokenLanguage(LANGUAGE);
const page = document.createElement("retrocam-share") as SharePage;
page.api = new ShareApi(document.body.dataset["base"] ?? "");
document.body.append(page);
