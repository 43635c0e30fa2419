"""Runs in the virtual environment onvif-zeep: asks one camera and prints what it says as JSON.

onvif_zeep_query.py HOST PORT wsse|digest USER PASSWORD
"""

import json
import pathlib
import sys

import onvif
import requests
from requests.auth import HTTPDigestAuth
from zeep.transports import Transport

host, port, scheme, user, password = sys.argv[1:]
session = requests.Session()
if scheme == "digest":
    session.auth = HTTPDigestAuth(user, password)
wsdl = pathlib.Path(onvif.__file__).resolve().parents[1] / "wsdl"
camera = onvif.ONVIFCamera(host, int(port), user, password, wsdl_dir=str(wsdl), adjust_time=True,
                           transport=Transport(session=session, timeout=10, operation_timeout=10))
device, media = camera.devicemgmt, camera.create_media_service()
transport = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


def describe(profile):
    video, audio = profile.VideoEncoderConfiguration, profile.AudioEncoderConfiguration
    return {
        "token": profile.token,
        "name": profile.Name,
        "video": video and [video.Encoding, video.Resolution.Width, video.Resolution.Height,
                            video.RateControl.FrameRateLimit],
        "audio": audio and audio.Encoding,
        "rtsp_url": media.GetStreamUri({"StreamSetup": transport, "ProfileToken": profile.token}).Uri,
        "snapshot_url": media.GetSnapshotUri({"ProfileToken": profile.token}).Uri,
    }


print(json.dumps({
    "serial": device.GetDeviceInformation().SerialNumber,
    "hostname": device.GetHostname().Name,
    "mac": device.GetNetworkInterfaces()[0].Info.HwAddress,
    "scopes": [scope.ScopeItem for scope in device.GetScopes()],
    "services": [service.Namespace for service in device.GetServices({"IncludeCapability": False})],
    "sources": [source.token for source in media.GetVideoSources()],
    "profiles": [describe(profile) for profile in media.GetProfiles()],
}))
