"""Find the person's face in a photo, however the photo is turned, or say what is wrong with it."""

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from engine.arrays import Pixels, Points
from engine.errors import Notice, PhotoProblem
from engine.face.detection import (
    FAINT_SCORE,
    MIN_SCORE,
    Detection,
    FaceDetector,
    full_range_anchors,
    merge_detections,
    short_range_anchors,
)
from engine.face.landmarks import CHIN, FOREHEAD, LEFT_EAR, RIGHT_EAR, LandmarkDetector, Mesh
from engine.face.litert import Model
from engine.face.pose import HeadPose, head_pose
from engine.face.sharpness import sharpness
from engine.face.visibility import covered
from engine.photo import Photo

SEARCH_SIDE = 1280  # px; the search for faces works on a photo of at most this side
MIN_PRESENCE = 0.5  # below, the mesh says that this is no face (it also says so of full profiles)
MIN_EAR_TO_EAR = 64  # px
MAX_YAW = 60  # degrees; beyond, one eye is hidden
PROFILE_YAW = 35  # degrees; a mesh that is no face and turned this far is a profile
MOST_CUT = 0.30  # of the landmarks that may lie beyond the photo: a chin may, half a face may not
TILES = 3  # each side, overlapping by half: finds faces that are small in a large photo
MIN_SHARPNESS = 0.007  # see engine/face/sharpness.py
SURE_SCORES = 1.0  # sum of both detectors' scores; above, a head is there even where the mesh sees no face:
# a profile, or something in front of the face. Looking for other faces would then find hands and ears.
# Upright is as good as certain, and no other quarter turn is tried: of 44 photos in all turns the right one
# had scores over 1.58 and key points within .04 face heights of the mesh; no wrong one came near both.
UPRIGHT_SCORES, UPRIGHT_AGREEMENT, UPRIGHT_ROLL = 1.5, 0.05, 40.0
AS_TAKEN = 1.2  # photos are rarely upside down; a face mask was taken for the forehead of a face that was
# Face heights, mean over the detector's eyes, nose and mouth. Cloth, ears and turned faces had up to 1.0
# where the mesh took them for a face; faces .05, covered ones .10, very small ones .15.
MAX_DISAGREEMENT = 0.20
DRAWN_DISAGREEMENT = 0.16  # in drawings, where no second look follows: at .18 a square was twice too large
LONE_SCORES = (
    0.75  # a face that only one detector sees, and faintly, may be a fist: a closer look comes first
)
SURE_SIDE = 0.75  # presence that a face seen from the side must reach in one of the crops that are tried
BYSTANDER = 0.25  # a further face counts when its box is at least this part of the largest
DETECTED_POINTS = ((33, 133), (263, 362), (1,), (13, 14))  # landmarks at the detector's eyes, nose and mouth


class NoFace(PhotoProblem):
    """No face was found in the photo."""

    message_id = "no-face"


class FaceTooSmall(PhotoProblem):
    """The largest face is narrower than 64 px from ear to ear."""

    message_id = "face-too-small"


class FaceBlurred(PhotoProblem):
    """The face has no fine detail to draw from."""

    message_id = "face-blurred"


class FaceCut(PhotoProblem):
    """The photo's edge cuts off a third of the face or more."""

    message_id = "face-cut"


class FaceTurned(PhotoProblem):
    """The face is turned over 60 degrees away."""

    message_id = "face-turned"


@dataclass(frozen=True)
class FoundFace:
    """Where the face is, before anything is cut out.

    Attributes
    ----------
    photo : the photo, turned by quarter turns so that the head stands upright
    landmarks : float32 (478, 3) in px of that photo
    pose : of the head
    box : left, top, right, bottom of the landmarks, px
    notices : several faces, photo was turned
    others : float32 (n, 3), x and y of the middle and height of each face beside it, px of that photo
    """

    photo: Photo
    landmarks: Points
    pose: HeadPose
    box: tuple[float, float, float, float]
    notices: tuple[Notice, ...]
    others: Points


@dataclass(frozen=True)
class _Candidate:
    """The largest face in one quarter turn of the photo."""

    quarter_turns: int  # counter-clockwise, to be made so that the head stands upright
    mesh: Mesh
    scores: float  # sum of the best scores of all detectors
    detection: Detection
    others: tuple[Detection, ...]

    @property
    def disagreement(self) -> float:
        """Mean distance of the detector's eyes, nose and mouth from the mesh's, in face heights."""
        landmarks = self.mesh.landmarks[:, :2]
        found = np.stack([landmarks[list(points)].mean(axis=0) for points in DETECTED_POINTS])
        height = float(np.linalg.norm(landmarks[FOREHEAD] - landmarks[CHIN]))
        return float(np.linalg.norm(self.detection.points[:4] - found, axis=1).mean()) / max(height, 1.0)

    @property
    def is_face(self) -> bool:
        """Whether mesh and detector see the same face."""
        return self.mesh.presence >= MIN_PRESENCE and self.disagreement < MAX_DISAGREEMENT

    @property
    def certain(self) -> bool:
        """Whether other quarter turns need not be looked at."""
        return (
            self.is_face
            and self.scores > UPRIGHT_SCORES
            and self.disagreement < UPRIGHT_AGREEMENT
            and abs(head_pose(self.mesh.landmarks).roll) < UPRIGHT_ROLL
        )

    @property
    def likelihood(self) -> float:
        """How much this turn looks upright. The detectors find turned heads too, but less surely."""
        upright = max(0.0, float(np.cos(np.radians(head_pose(self.mesh.landmarks).roll))))
        usual = AS_TAKEN if self.quarter_turns == 0 and self.is_face else 1.0
        return self.scores * upright * (1 + self.mesh.presence) * usual


class FaceFinder:
    """The three face models; not safe for two threads at once.

    Parameters
    ----------
    task : face_landmarker.task, an archive with detector and mesh
    full_range : face_detection_full_range_sparse.tflite
    """

    def __init__(self, task: Path, full_range: Path) -> None:
        with zipfile.ZipFile(task) as archive:
            short_range = archive.read("face_detector.tflite")
            mesh = archive.read("face_landmarks_detector.tflite")
        self._detectors = (
            FaceDetector(Model(short_range), short_range_anchors()),
            FaceDetector(Model(full_range), full_range_anchors()),
        )
        self.landmark_detector = LandmarkDetector(Model(mesh))

    def find(self, photo: Photo) -> FoundFace:
        """Find the largest face.

        Raises
        ------
        NoFace, FaceTooSmall, FaceBlurred, FaceTurned, FaceCut
        """
        scale = min(1.0, SEARCH_SIDE / max(photo.pixels.shape[:2]))
        search = _scaled(photo.pixels, scale)
        best = self._upright_candidate(search)
        upright = Photo(np.ascontiguousarray(np.rot90(photo.pixels, best.quarter_turns)), photo.notices)
        landmarks = best.mesh.landmarks / np.float32(scale)
        pose = head_pose(landmarks)
        _refuse_unusable(upright.pixels, landmarks, pose, best)
        turned = np.ascontiguousarray(np.rot90(search, best.quarter_turns))
        meshes = [self.landmark_detector.find(turned, detection) for detection in best.others]
        others = [_middle_and_height(mesh.landmarks) for mesh in meshes if mesh.presence >= MIN_PRESENCE]
        notices = [Notice("several-faces")] if others else []
        notices += [Notice("photo-turned")] if best.quarter_turns else []
        notices += [Notice("face-covered")] if covered(turned, best.mesh.landmarks, pose.yaw) else []
        low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        beside = np.array(others, np.float32).reshape(-1, 3) / np.float32(scale)
        return FoundFace(upright, landmarks, pose, box, tuple(notices), beside)

    def follow(self, picture: Pixels, landmarks: Points) -> Mesh:
        """Landmarks of a face, uint8 (H, W, 3), that is about where `landmarks` (478, 3) say."""
        return self.landmark_detector.follow(picture, landmarks)

    def find_upright(self, picture: Pixels) -> Points | None:
        """Landmarks (478, 3) of the largest face of a picture that is the right way up, drawn faces too.

        None where detector and mesh do not agree that it is one, and where it is small in its picture. Faces
        without detail, as drawings have them, are welcome.
        """
        scale = min(1.0, SEARCH_SIDE / max(picture.shape[:2]))
        search = _scaled(picture, scale)
        for min_score in (MIN_SCORE, FAINT_SCORE):
            candidate = self._candidate(search, 0, 1, min_score)
            if candidate is not None and candidate.is_face and candidate.disagreement < DRAWN_DISAGREEMENT:
                return candidate.mesh.landmarks / np.float32(scale)
        return None

    def _upright_candidate(self, search: Pixels) -> _Candidate:
        doubtful: list[_Candidate] = []
        for tiles, min_score in ((1, MIN_SCORE), (TILES, MIN_SCORE), (1, FAINT_SCORE)):
            found = []
            for turns in range(4):
                candidate = self._candidate(search, turns, tiles, min_score)
                if candidate is not None and turns == 0 and candidate.certain:
                    return candidate
                found += [candidate] if candidate is not None else []
            if not found:
                continue
            best = max(found, key=lambda candidate: candidate.likelihood)
            if best.is_face and best.scores >= LONE_SCORES:
                return best
            if best.scores >= SURE_SCORES and not best.is_face:
                return self._from_the_side(search, best)
            doubtful.append(best)
        if doubtful:
            return max(doubtful, key=lambda candidate: candidate.likelihood)
        raise NoFace("no detector found a face in any quarter turn")

    def _candidate(self, search: Pixels, turns: int, tiles: int, min_score: float) -> _Candidate | None:
        turned = np.ascontiguousarray(np.rot90(search, turns))
        found = [_detect(turned, detector, tiles, min_score) for detector in self._detectors]
        faces = merge_detections([face for faces in found for face in faces])
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.size)
        others = tuple(f for f in faces if f is not largest and f.size > BYSTANDER * largest.size)
        scores = sum(max((face.score for face in faces), default=0.0) for faces in found)
        return _Candidate(turns, self.landmark_detector.find(turned, largest), scores, largest, others)

    def _from_the_side(self, search: Pixels, doubtful: _Candidate) -> _Candidate:
        """Look at a head once more in crops that suit a face seen from the side, if it is one."""
        if abs(head_pose(doubtful.mesh.landmarks).yaw) < PROFILE_YAW:
            return doubtful
        turned = np.ascontiguousarray(np.rot90(search, doubtful.quarter_turns))
        mesh = self.landmark_detector.find_from_the_side(turned, doubtful.detection)
        seen = replace(doubtful, mesh=mesh)
        return seen if mesh.presence >= SURE_SIDE and seen.is_face else doubtful


def _middle_and_height(landmarks: Points) -> Points:
    """x, y and height of a face, float32 (3,)."""
    top, chin = landmarks[FOREHEAD, :2], landmarks[CHIN, :2]
    return np.append((top + chin) / 2, np.linalg.norm(chin - top)).astype(np.float32)


def _scaled(picture: Pixels, scale: float) -> Pixels:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _detect(picture: Pixels, detector: FaceDetector, tiles: int, min_score: float) -> list[Detection]:
    """Detections in `tiles` x `tiles` overlapping parts of a picture, in its own px."""
    if tiles == 1:
        return detector.detect(picture, min_score)
    height, width = picture.shape[:2]
    side = 2 * max(height, width) // (tiles + 1)
    found = []
    for top in range(0, max(1, height - side // 2), side // 2):
        for left in range(0, max(1, width - side // 2), side // 2):
            tile = np.ascontiguousarray(picture[top : top + side, left : left + side])
            offset = np.array([left, top], np.float32)
            found += [face.moved(offset) for face in detector.detect(tile, min_score)]
    return merge_detections(found)


def _refuse_unusable(picture: Pixels, landmarks: Points, pose: HeadPose, candidate: _Candidate) -> None:
    found = (
        f"yaw {pose.yaw:.0f} degrees, presence {candidate.mesh.presence:.2f}, "
        f"key points {candidate.disagreement:.2f} face heights apart"
    )
    if abs(pose.yaw) > (MAX_YAW if candidate.is_face else PROFILE_YAW):
        raise FaceTurned(found)
    if not candidate.is_face:
        raise NoFace(found)
    ear_to_ear = float(np.linalg.norm(landmarks[LEFT_EAR] - landmarks[RIGHT_EAR]))  # in 3D
    if ear_to_ear < MIN_EAR_TO_EAR:
        raise FaceTooSmall(f"{ear_to_ear:.0f} px from ear to ear, needed {MIN_EAR_TO_EAR}")
    height, width = picture.shape[:2]
    beyond = float(np.any((landmarks[:, :2] < 0) | (landmarks[:, :2] > (width, height)), axis=1).mean())
    if beyond > MOST_CUT:
        raise FaceCut(f"{beyond:.2f} of the landmarks lie beyond the photo")
    sharp = sharpness(picture, landmarks)
    if sharp < MIN_SHARPNESS:
        raise FaceBlurred(f"sharpness {sharp:.4f}, needed {MIN_SHARPNESS}")
