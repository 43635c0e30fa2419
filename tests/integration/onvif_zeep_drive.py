"""Runs in the virtual environment onvif-zeep: turns one camera and listens to it, prints what it saw as JSON.

onvif_zeep_drive.py HOST PORT USER PASSWORD
"""

import datetime
import json
import pathlib
import sys
import time

import onvif

host, port, user, password = sys.argv[1:]
wsdl = pathlib.Path(onvif.__file__).resolve().parents[1] / "wsdl"
camera = onvif.ONVIFCamera(host, int(port), user, password, wsdl_dir=str(wsdl), adjust_time=True)
media, ptz, imaging = camera.create_media_service(), camera.create_ptz_service(), camera.create_imaging_service()
profile = media.GetProfiles()[0]
token = profile.token
assert profile.PTZConfiguration is not None


def status():
    return ptz.GetStatus({"ProfileToken": token})


ptz.ContinuousMove({"ProfileToken": token, "Velocity": {"PanTilt": {"x": 0.5, "y": 0}}})
while_moving = status().MoveStatus.PanTilt
ptz.Stop({"ProfileToken": token, "PanTilt": True, "Zoom": True})
after_stop = status().MoveStatus.PanTilt
preset = ptz.SetPreset({"ProfileToken": token, "PresetName": "Gate"})
at_preset = status().Position.PanTilt.x
ptz.AbsoluteMove({"ProfileToken": token, "Position": {"PanTilt": {"x": -1, "y": -1}, "Zoom": {"x": 1}}})
ptz.GotoPreset({"ProfileToken": token, "PresetToken": preset})
while status().MoveStatus.PanTilt == "MOVING":
    time.sleep(0.1)

pull = camera.create_pullpoint_service()
events = []
while len(events) < 2:
    reply = pull.PullMessages({"Timeout": datetime.timedelta(seconds=8), "MessageLimit": 10})
    for message in reply.NotificationMessage:
        inner = message.Message._value_1
        events.append([inner.get("PropertyOperation"), inner.find(".//{*}Data/{*}SimpleItem").get("Value")])

encoder = profile.VideoEncoderConfiguration
encoder.Resolution.Width, encoder.Resolution.Height = 1280, 720
encoder.RateControl.FrameRateLimit = 10
media.SetVideoEncoderConfiguration({"Configuration": encoder, "ForcePersistence": True})
now = media.GetVideoEncoderConfiguration({"ConfigurationToken": encoder.token})
source = profile.VideoSourceConfiguration.SourceToken
settings = imaging.GetImagingSettings({"VideoSourceToken": source})
settings.Brightness = 70
imaging.SetImagingSettings({"VideoSourceToken": source, "ImagingSettings": settings})

print(json.dumps({
    "while_moving": while_moving, "after_stop": after_stop,
    "presets": [one.Name for one in ptz.GetPresets({"ProfileToken": token})],
    "at_preset": at_preset, "back": status().Position.PanTilt.x, "nodes": [node.token for node in ptz.GetNodes()],
    "events": events, "encoder": [now.Resolution.Width, now.Resolution.Height, now.RateControl.FrameRateLimit],
    "brightness": [imaging.GetImagingSettings({"VideoSourceToken": source}).Brightness],
    "users": [one.Username for one in camera.devicemgmt.GetUsers()],
}))
