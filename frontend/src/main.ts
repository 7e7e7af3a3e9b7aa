/** Retrocam's cards: this file is what a dashboard loads. */

import { announce } from "./announce";
import { AsciiCard } from "./cards/ascii-card";
import { AsciiScreen } from "./cards/ascii-screen";
import { CameraCard } from "./cards/camera-card";
import { DayPicker } from "./cards/day-picker";
import { HistoryCard } from "./cards/history-card";
import { LivePicture } from "./cards/live";
import { LookPanel } from "./cards/look-panel";
import { MediaBrowser } from "./cards/media-browser";
import { MediaGrid } from "./cards/media-grid";
import { MediaSearch } from "./cards/media-search";
import { Ribbon } from "./cards/ribbon";
import { TimelapsePlan } from "./cards/timelapse-plan";
import { Viewer } from "./cards/viewer";
import { define } from "./define";

define("retrocam-live", LivePicture);
define("retrocam-screen", AsciiScreen);
define("retrocam-day-picker", DayPicker);
define("retrocam-ribbon", Ribbon);
define("retrocam-grid", MediaGrid);
define("retrocam-viewer", Viewer);
define("retrocam-timelapse-plan", TimelapsePlan);
define("retrocam-search", MediaSearch);
define("retrocam-look", LookPanel);
define("retrocam-browser", MediaBrowser);
define("retrocam-camera-card", CameraCard);
define("retrocam-history-card", HistoryCard);
define("retrocam-ascii-card", AsciiCard);
announce();
